-- What is judged of each indicator and unit now: the newest finished period against its
-- target and threshold, the newest one due, and a figure that counts from January
-- against the one before. Only of units in force: what was is no matter for an alert.
{% set today = build_day() %}
{% set lengths = ["day", "week", "month", "quarter", "half", "year"] %}
with
    series as (
        select
            v.*,
            u.code as unit_code,
            u.level as unit_level,
            {{ period_shifted("v.period_type", "v.period_start", 1) }} as next_start,
            case
                v.period_type
                {% for period_type in lengths %}
                    when '{{ period_type }}' then {{ loop.index }}
                {% endfor %}
            end as length
        from {{ ref("indicator_value") }} as v
        inner join
            {{ ref("dim_admin_unit") }} as u on u.unit_id = v.unit_id and u.is_current
    ),

    finished as (select * from series where next_start <= {{ today }}),

    newest as (
        select *
        from finished
        qualify
            row_number() over (
                partition by indicator_code, unit_id, period_type
                order by period_start desc
            )
            = 1
    ),

    -- of a month and a quarter that begin together the month
    latest as (
        select *
        from newest
        qualify
            row_number() over (
                partition by indicator_code, unit_id order by period_start desc, length
            )
            = 1
    ),

    -- a target of the year speaks from the end of the year on, or once nothing can
    -- mend it, and until the next year is over
    of_target as (
        select *
        from latest
        where target_kind = 'each_period'
        union all
        select *
        from series
        where
            target_kind = 'year_end'
            and next_start > {{ months_after(today, -12) }}
            and period_type = 'year'
    ),

    targeted as (
        select *
        from of_target
        where status in ('met', 'missed')
        qualify
            row_number() over (
                partition by indicator_code, unit_id order by period_start desc
            )
            = 1
    ),

    limited as (
        select n.*, t.severity, t.bound, t.document, t.comparison
        from newest as n
        inner join
            {{ ref("indicator_threshold") }} as t
            on t.indicator_code = n.indicator_code
            and t.period_type = n.period_type
            and (t.unit_code is null or t.unit_code = n.unit_code)
            and (t.unit_level is null or t.unit_level = n.unit_level)
        where t.from_month is null or extract(month from n.period_start) >= t.from_month
        -- a threshold of one unit goes before that of its level, that before all
        qualify
            row_number() over (
                partition by n.indicator_code, n.unit_id, t.severity
                order by t.unit_code nulls last, t.unit_level nulls last, n.length
            )
            = 1
    ),

    due as (
        {% for period_type in lengths %}
            select
                *,
                {{
                    period_shifted(
                        "period_type",
                        period_of(period_type, "(" ~ today ~ " - due_days)"),
                        -1,
                    )
                }} as period_start
            from {{ ref("indicator_promise") }}
            where period_type = '{{ period_type }}' and due_days is not null
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    reporting as (
        select
            indicator_code,
            period_type,
            unit_id,
            unit_level,
            min(period_start) as first_start
        from series
        group by indicator_code, period_type, unit_id, unit_level
    ),

    awaited as (
        select
            d.*,
            r.unit_id,
            {{ period_shifted("d.period_type", "d.period_start", 1) }}
            - 1
            + d.due_days as due_on,
            s.value
        from due as d
        inner join
            reporting as r
            on r.indicator_code = d.indicator_code
            and r.period_type = d.period_type
            and (d.unit_level is null or d.unit_level = r.unit_level)
            and r.first_start < d.period_start
        left join
            series as s
            on s.indicator_code = d.indicator_code
            and s.period_type = d.period_type
            and s.unit_id = r.unit_id
            and s.period_start = d.period_start
    ),

    running as (
        select
            f.*,
            p.source,
            coalesce(f.cumulative_value, f.value) as so_far,
            lag(coalesce(f.cumulative_value, f.value)) over (
                partition by
                    f.indicator_code,
                    f.version,
                    f.unit_id,
                    extract(year from f.period_start)
                order by f.period_start
            ) as so_far_before
        from finished as f
        inner join
            {{ ref("indicator_promise") }} as p
            on p.indicator_code = f.indicator_code
            and p.period_type = f.period_type
            and (p.unit_level is null or p.unit_level = f.unit_level)
            and p.is_cumulative
        qualify
            row_number() over (
                partition by f.indicator_code, f.unit_id order by f.period_start desc
            )
            = 1
    )

select
    indicator_code,
    unit_id,
    'target_missed' as kind,
    'warning' as severity,
    period_type,
    period_start,
    value,
    target as bound,
    cast(null as date) as due_on,
    target_decision as document,
    status = 'missed' as is_breached
from targeted
union all
select
    indicator_code,
    unit_id,
    'threshold_crossed',
    severity,
    period_type,
    period_start,
    value,
    bound,
    null,
    document,
    case comparison when 'below' then value < bound else value > bound end
from limited
union all
select
    indicator_code,
    unit_id,
    'cumulative_fell',
    'warning',
    period_type,
    period_start,
    so_far,
    so_far_before,
    null,
    source,
    so_far < so_far_before
from running
where so_far_before is not null
union all
select
    indicator_code,
    unit_id,
    'period_missing',
    'warning',
    period_type,
    period_start,
    value,
    null,
    due_on,
    source,
    value is null
from awaited
