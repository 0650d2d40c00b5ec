select distinct
    m.indicator_code,
    m.period_type,
    m.period_start,
    m.unit_id,
    v.recorded_at,
    m._feed as feed,
    m._batch_id as batch_id
from {{ ref("measure") }} as m
inner join
    {{ ref("indicator_value") }} as v
    on v.indicator_code = m.indicator_code
    and v.period_type = m.period_type
    and v.period_start = m.period_start
    and v.unit_id = m.unit_id
