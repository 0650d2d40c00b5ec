-- Codes were reused by the 2025 reform, so a unit is its code and the day it came
-- into force.
with
    seeded as (select * from {{ ref("admin_unit") }}),

    published as (select * from {{ ref("reference__admin_unit") }}),

    closed as (
        select
            code, name, full_name, level, unit_type, province_code, valid_from, valid_to
        from seeded
        where valid_to is not null
    ),

    -- the statistics office's own list where the profile has it, the reviewed seed
    -- where not
    in_force as (
        select
            p.code,
            p.name,
            p.full_name,
            p.level,
            p.unit_type,
            p.province_code,
            coalesce(s.valid_from, date '2025-07-01') as valid_from,
            cast(null as date) as valid_to
        from published as p
        left join seeded as s on s.code = p.code and s.valid_to is null
        union all
        select
            code, name, full_name, level, unit_type, province_code, valid_from, valid_to
        from seeded
        where valid_to is null and not exists (select 1 from published)
    ),

    units as (
        select *
        from closed
        union all
        select *
        from in_force
    )

select
    u.code || '@' || cast(u.valid_from as varchar) as unit_id,
    u.code,
    u.name,
    u.full_name,
    u.level,
    u.unit_type,
    case
        when u.level = 'commune' then p.code || '@' || cast(p.valid_from as varchar)
    end as parent_unit_id,
    coalesce(u.province_code, u.code) as province_code,
    u.valid_from,
    u.valid_to,
    u.valid_to is null as is_current
from units as u
left join in_force as p on p.level = 'province' and p.code = u.province_code
