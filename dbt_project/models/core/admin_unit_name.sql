-- Every spelling under which a province is known on a date, so that a file's own name
-- resolves.
select distinct unit_id, name as spelling, valid_from, valid_to
from {{ ref("dim_admin_unit") }}
where level = 'province'
union
-- the statistics office may spell a name otherwise than the seed, which older files
-- follow
select d.unit_id, s.name as spelling, d.valid_from, d.valid_to
from {{ ref("admin_unit") }} as s
inner join
    {{ ref("dim_admin_unit") }} as d
    on d.code = s.code
    and d.valid_from = s.valid_from
    and d.level = 'province'
union
select d.unit_id, a.alias as spelling, d.valid_from, d.valid_to
from {{ ref("province_alias") }} as a
inner join {{ ref("dim_admin_unit") }} as d on d.code = a.code and d.level = 'province'
