with located as (select * from {{ ref("fdi_by_province") }} where unit_id is not null)

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
