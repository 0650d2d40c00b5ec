-- Codes were reused by the 2025 reform, so a unit is its code and the day it came into
-- force.
{% set kinds = [
    "Thành phố",
    "Thị xã",
    "Thị trấn",
    "Quận",
    "Huyện",
    "Phường",
    "Xã",
] %}
with
    seeded as (select * from {{ ref("admin_unit") }}),

    published as (select * from {{ ref("reference__admin_unit") }}),

    closed as (select * from seeded where valid_to is not null),

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
        select *
        from seeded
        where valid_to is null and not exists (select 1 from published)
    ),

    -- of districts and communes before the reform only the last day is known: they are
    -- given the days of their province, which had that form on it
    three_tiers as (
        select
            t.code,
            case
                {% for kind in kinds %}
                    when t.full_name like '{{ kind }} %' then '{{ kind }}'
                {% endfor %}
            end as unit_type,
            t.full_name,
            case when length(t.code) = 3 then 'district' else 'commune' end as level,
            case when length(t.code) = 5 then t.parent_code end as district_code,
            p.code as province_code,
            p.valid_from,
            date '2025-06-30' as valid_to
        from {{ ref("admin_unit_three_tiers") }} as t
        left join {{ ref("admin_unit_three_tiers") }} as d on d.code = t.parent_code
        inner join
            seeded as p
            on p.level = 'province'
            and p.code = coalesce(d.parent_code, t.parent_code)
            and date '2025-06-30'
            between p.valid_from and coalesce(p.valid_to, date '9999-12-31')
    ),

    units as (
        select *, cast(null as varchar) as district_code
        from closed
        union all
        select *, cast(null as varchar) as district_code
        from in_force
        union all
        select
            code,
            substr(full_name, length(unit_type) + 2) as name,
            full_name,
            level,
            unit_type,
            province_code,
            valid_from,
            valid_to,
            district_code
        from three_tiers
    ),

    located as (
        select
            u.code || '@' || cast(u.valid_from as varchar) as unit_id,
            u.*,
            p.code || '@' || cast(p.valid_from as varchar) as province_unit_id
        from units as u
        -- the province on the unit's last day: it began no later than the unit
        left join
            units as p
            on p.level = 'province'
            and p.code = coalesce(u.province_code, u.code)
            and coalesce(u.valid_to, date '9999-12-31')
            between p.valid_from and coalesce(p.valid_to, date '9999-12-31')
    )

select
    unit_id,
    code,
    name,
    full_name,
    level,
    unit_type,
    case
        when district_code is not null
        then district_code || '@' || cast(valid_from as varchar)
        when level <> 'province'
        then province_unit_id
    end as parent_unit_id,
    province_unit_id,
    coalesce(province_code, code) as province_code,
    valid_from,
    case
        when valid_to = date '2025-06-30' and level <> 'province'
        then 'convention'
        when valid_from = date '2003-01-01'
        then 'convention'
        else 'law'
    end as valid_from_basis,
    valid_to,
    valid_to is null as is_current
from located
