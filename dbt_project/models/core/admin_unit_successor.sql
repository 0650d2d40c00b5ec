-- Which unit went to which. A unit that went to several goes by the parts that were
-- published; where none were, in equal parts, and the basis says so.
with
    told as (
        select effective_date, old_code, new_code, weight, weight_basis
        from {{ ref("admin_unit_succession") }}
        where
            length(new_code) = 2
            or effective_date <> date '2025-07-01'
            or not exists (select 1 from {{ ref("reference__admin_unit_change") }})
        union all
        -- the ministry's own list of the reform where the profile has it
        select
            date '2025-07-01',
            coalesce(old_code, old_district_code),
            new_code,
            cast(null as double),
            cast(null as varchar)
        from {{ ref("reference__admin_unit_change") }}
    ),

    -- a unit of the seed is found by its code; where the office's own list has it under
    -- another one, by its name in the province
    successors as (
        select s.code, s.valid_from, coalesce(d.unit_id, n.unit_id) as unit_id
        from {{ ref("admin_unit") }} as s
        left join
            {{ ref("dim_admin_unit") }} as d
            on d.code = s.code
            and d.valid_from = s.valid_from
        left join
            {{ ref("dim_admin_unit") }} as n
            on d.unit_id is null
            and n.full_name = s.full_name
            and n.province_code = s.province_code
            and n.valid_from = s.valid_from
    ),

    linked as (
        select
            o.unit_id as old_unit_id,
            n.unit_id as new_unit_id,
            t.effective_date,
            t.weight,
            t.weight_basis,
            count(*) over (partition by o.unit_id) as successors
        from told as t
        inner join
            {{ ref("dim_admin_unit") }} as o
            on o.code = t.old_code
            and o.valid_to = t.effective_date - 1
        inner join
            successors as n on n.code = t.new_code and n.valid_from = t.effective_date
        where n.unit_id is not null
    )

select
    old_unit_id,
    new_unit_id,
    effective_date,
    case
        when successors = 1 then 1.0 else coalesce(weight, 1.0 / successors)
    end as weight,
    case
        when successors = 1
        then 'whole'
        when weight is null
        then 'equal_share'
        else weight_basis
    end as weight_basis,
    successors > 1 as is_split
from linked
