-- What every indicator is counted from. A plain figure has no denominator; a rate has
-- one, and is
-- summed on both sides, so that a province's rate is never a mean of communes' rates.
with
    measured as (
        select *
        from {{ ref("measure_fdi") }}
        union all
        select *
        from {{ ref("measure_budget") }}
        union all
        select *
        from {{ ref("measure_disease") }}
        union all
        select *
        from {{ ref("measure_dossier") }}
    )

select *, unit_id as measured_unit_id
from measured
where numerator is not null
union all
select
    m.indicator_code,
    m.period_type,
    m.period_start,
    u.parent_unit_id as unit_id,
    m.numerator,
    m.denominator,
    m._feed,
    m._batch_id,
    m._recorded_at,
    m.unit_id as measured_unit_id
from measured as m
inner join {{ ref("dim_admin_unit") }} as u on u.unit_id = m.unit_id
where m.numerator is not null and u.parent_unit_id is not null
