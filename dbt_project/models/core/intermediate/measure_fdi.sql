with
    located as (
        select {{ month_start("f.period") }} as period_start, n.unit_id, f.*
        from {{ ref("investment__fdi_by_province") }} as f
        inner join
            {{ ref("admin_unit_name") }} as n
            on n.spelling = f.province_name
            and {{ month_start("f.period") }}
            between n.valid_from and coalesce(n.valid_to, date '9999-12-31')
    )

select
    'FDI_PROJECTS_YTD' as indicator_code,
    'month' as period_type,
    period_start,
    unit_id,
    cast(projects as double) as numerator,
    cast(null as double) as denominator,
    _feed,
    _batch_id,
    _recorded_at
from located
union all
select
    'FDI_NEW_CAPITAL_YTD',
    'month',
    period_start,
    unit_id,
    new_capital_usd_m,
    null,
    _feed,
    _batch_id,
    _recorded_at
from located
union all
select
    'FDI_ADJUSTED_CAPITAL_YTD',
    'month',
    period_start,
    unit_id,
    adjusted_capital_usd_m,
    null,
    _feed,
    _batch_id,
    _recorded_at
from located
