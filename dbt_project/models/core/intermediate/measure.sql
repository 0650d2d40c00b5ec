-- What every indicator is counted from, at the unit measured and at the province above
-- it. A plain figure has no denominator; a rate has one, and is summed on both sides.
with
    measured as (
        {% for sector in measured_sectors() %}
            select *
            from {{ ref("measure_" ~ sector) }}
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    located as (
        select m.*, u.level, u.province_unit_id, i.finest_level
        from measured as m
        inner join {{ ref("dim_admin_unit") }} as u on u.unit_id = m.unit_id
        inner join
            {{ ref("indicator_catalogue") }} as i
            on i.indicator_code = m.indicator_code
            and i.version = m.version
    )

select
    indicator_code,
    version,
    period_type,
    period_start,
    unit_id,
    numerator,
    denominator,
    _feed,
    _batch_id,
    _recorded_at,
    unit_id as measured_unit_id
from located
where level = finest_level or level = 'province'
union all
select
    m.indicator_code,
    m.version,
    m.period_type,
    m.period_start,
    m.province_unit_id as unit_id,
    m.numerator,
    m.denominator,
    m._feed,
    m._batch_id,
    m._recorded_at,
    m.unit_id as measured_unit_id
from located as m
where m.level <> 'province'
