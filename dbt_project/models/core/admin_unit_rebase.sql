-- Where the figure of a unit goes on the map of another day. Forward by the weights of
-- all changes on the way; back only to a unit that all of it came from: what a merged
-- unit's parts were is not known afterwards.
{% set later = "date '9999-12-31'" %}
with recursive
    way as (
        select
            unit_id as earlier_unit_id,
            unit_id as later_unit_id,
            cast(1 as double) as weight
        from {{ ref("dim_admin_unit") }}
        union all
        select
            w.earlier_unit_id,
            s.new_unit_id as later_unit_id,
            w.weight * s.weight as weight
        from way as w
        inner join
            {{ ref("admin_unit_successor") }} as s on s.old_unit_id = w.later_unit_id
    ),

    pairs as (
        select
            w.earlier_unit_id,
            w.later_unit_id,
            e.valid_from as earlier_from,
            e.valid_to as earlier_to,
            l.valid_from as later_from,
            l.valid_to as later_to,
            sum(w.weight) as weight,
            -- what was divided and came together again is whole
            sum(w.weight) < 0.999999 as is_split
        from way as w
        inner join {{ ref("dim_admin_unit") }} as e on e.unit_id = w.earlier_unit_id
        inner join {{ ref("dim_admin_unit") }} as l on l.unit_id = w.later_unit_id
        group by all
    ),

    -- how many units of one day a later unit is made of
    made_of as (
        select p.earlier_unit_id, p.later_unit_id, count(*) as parts
        from pairs as p
        inner join
            pairs as o
            on o.later_unit_id = p.later_unit_id
            and o.earlier_from <= coalesce(p.earlier_to, {{ later }})
            and p.earlier_from <= coalesce(o.earlier_to, {{ later }})
        group by p.earlier_unit_id, p.later_unit_id
    ),

    -- and how many units of one day an earlier one went to
    went_to as (
        select p.earlier_unit_id, p.later_unit_id, count(*) as parts
        from pairs as p
        inner join
            pairs as o
            on o.earlier_unit_id = p.earlier_unit_id
            and o.later_from <= coalesce(p.later_to, {{ later }})
            and p.later_from <= coalesce(o.later_to, {{ later }})
        group by p.earlier_unit_id, p.later_unit_id
    ),

    known as (
        select p.*, m.parts as made_of_parts, w.parts as went_to_parts
        from pairs as p
        inner join
            made_of as m
            on m.earlier_unit_id = p.earlier_unit_id
            and m.later_unit_id = p.later_unit_id
        inner join
            went_to as w
            on w.earlier_unit_id = p.earlier_unit_id
            and w.later_unit_id = p.later_unit_id
    )

select
    earlier_unit_id as unit_id,
    later_unit_id as target_unit_id,
    later_from as target_from,
    later_to as target_to,
    earlier_to as unit_to,
    weight,
    is_split,
    not is_split and made_of_parts = 1 as is_same_area,
    made_of_parts as parts
from known
union all
select
    later_unit_id as unit_id,
    earlier_unit_id as target_unit_id,
    earlier_from as target_from,
    earlier_to as target_to,
    later_to as unit_to,
    cast(1 as double) as weight,
    false as is_split,
    not is_split as is_same_area,
    went_to_parts as parts
from known
where made_of_parts = 1 and earlier_unit_id <> later_unit_id
