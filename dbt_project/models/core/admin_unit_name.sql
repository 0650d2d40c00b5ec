-- Every name a province bears on a date. What agencies spell otherwise has the official
-- name since intake.
select distinct unit_id, name as spelling, valid_from, valid_to
from {{ ref("dim_admin_unit") }}
where level = 'province'
union
-- the statistics office may spell a name otherwise than the seed, which is what intake
-- writes
select d.unit_id, s.name as spelling, d.valid_from, d.valid_to
from {{ ref("admin_unit") }} as s
inner join
    {{ ref("dim_admin_unit") }} as d
    on d.code = s.code
    and d.valid_from = s.valid_from
    and d.level = 'province'
