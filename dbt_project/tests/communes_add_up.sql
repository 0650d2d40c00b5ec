-- An additive indicator of a province is the sum of what its communes report (H11).
select
    p.indicator_code,
    p.period_type,
    p.period_start,
    p.unit_id,
    p.value,
    sum(c.value) as communes
from {{ ref("indicator_value") }} as p
inner join
    {{ ref("indicator_version") }} as i
    on i.indicator_code = p.indicator_code
    and i.version = p.version
    and i.is_additive
inner join {{ ref("dim_admin_unit") }} as u on u.unit_id = p.unit_id
inner join
    {{ ref("dim_admin_unit") }} as below
    on below.level = 'commune'
    and u.level = 'province'
    and below.province_unit_id = u.unit_id
inner join
    {{ ref("indicator_value") }} as c
    on c.unit_id = below.unit_id
    and c.indicator_code = p.indicator_code
    and c.period_type = p.period_type
    and c.period_start = p.period_start
group by p.indicator_code, p.period_type, p.period_start, p.unit_id, p.value
having abs(p.value - sum(c.value)) > greatest(0.5, 1e-9 * abs(p.value))
