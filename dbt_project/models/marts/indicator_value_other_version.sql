-- What earlier and later definitions of an indicator would say of a period.
select
    s.indicator_code,
    s.version,
    s.period_type,
    s.period_start,
    s.unit_id,
    s.value,
    s.is_complete,
    s.recorded_at,
    s.units_measured
from {{ ref("indicator_series") }} as s
left join
    {{ ref("indicator_value") }} as v
    on v.indicator_code = s.indicator_code
    and v.version = s.version
    and v.period_type = s.period_type
    and v.period_start = s.period_start
    and v.unit_id = s.unit_id
where v.indicator_code is null
