with
    located as (
        select {{ month_start("b.period") }} as period_start, u.unit_id, b.*
        from {{ ref("finance__budget_revenue") }} as b
        inner join
            {{ ref("dim_admin_unit") }} as u
            on u.code = b.commune_code
            and u.level = 'commune'
            and {{ month_start("b.period") }}
            between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
    )

select
    'BUDGET_REVENUE_MONTH' as indicator_code,
    'month' as period_type,
    period_start,
    unit_id,
    cast(month_vnd as double) as numerator,
    cast(null as double) as denominator,
    _feed,
    _batch_id,
    _recorded_at
from located
union all
select
    'BUDGET_REVENUE_VS_PLAN',
    'month',
    period_start,
    unit_id,
    100.0 * cumulative_vnd,
    year_plan_vnd,
    _feed,
    _batch_id,
    _recorded_at
from located
