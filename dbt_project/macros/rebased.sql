{#
  Figures by unit, read on the map of the day `on_day`.

  `relation` has `unit_id`, the columns `keys`, and `value`; `is_additive` and `adds_over_time` are
  expressions over its columns. Columns: `keys`, `unit_id` in force on that day, `value`, `rebasing`,
  `is_estimated`, `allocation` ("cần phân bổ" where a part was not published), `is_partial` (the
  unit's other parts have no figure), `own_units`.

  `rebasing` is:
  - as_reported: the unit is in force on that day;
  - exact: whole units came together, or the unit only changed its name or code;
  - estimated: a part of a unit that was divided, by its weight;
  - not_additive: the figures of several units, or of a part of one, make no figure of this kind:
    no value;
  - not_rebased: no unit of that day can be given the figure without guessing. It stays with the unit
    it was told of, so that totals are conserved.

  A period may hold a change of the map: what adds up over time is then the sum of both maps; of a
  stock or a rate the newer map's figure is taken.
#}
{% macro rebased(
    relation,
    on_day,
    keys,
    value="value",
    is_additive="is_additive",
    adds_over_time="true"
) %}
    {% set later = "date '9999-12-31'" %}
    with
        placed as (
            select
                {% for key in keys %} r.{{ key }}, {% endfor %}
                coalesce(t.target_unit_id, r.unit_id) as unit_id,
                r.unit_id as own_unit_id,
                t.target_unit_id is null as is_left,
                coalesce(t.unit_to, {{ later }}) as map_until,
                coalesce(t.weight, 1) as weight,
                coalesce(t.is_split, false) as is_split,
                coalesce(t.is_same_area, true) as is_same_area,
                coalesce(t.parts, 1) as parts,
                r.{{ value }} as value,
                ({{ is_additive }}) as is_additive,
                ({{ adds_over_time }}) as adds_over_time
            from {{ relation }} as r
            left join
                {{ ref("admin_unit_rebase") }} as t
                on t.unit_id = r.unit_id
                and {{ on_day }}
                between t.target_from and coalesce(t.target_to, {{ later }})
        ),

        newest as (
            select *
            from placed
            qualify
                (is_additive and adds_over_time)
                or map_until
                = max(map_until) over (partition by {{ keys | join(", ") }}, unit_id)
        ),

        summed as (
            select
                {% for key in keys %} {{ key }}, {% endfor %}
                unit_id,
                -- exact, so that the order of rows does not change the last digit
                cast(sum(cast(value * weight as decimal(38, 12))) as double) as value,
                bool_and(is_additive) as is_additive,
                bool_or(is_left) as is_left,
                bool_or(is_split) as is_split,
                bool_and(own_unit_id = unit_id) as is_own,
                bool_and(is_same_area) and count(*) = 1 as is_same_area,
                -- each map of the period gives all of its parts, or the figure lacks
                -- some
                sum(1.0 / parts) < count(distinct map_until) - 0.000001 as is_partial,
                count(distinct own_unit_id) as own_units
            from newest
            group by {{ keys | join(", ") }}, unit_id
        )

    select
        {% for key in keys %} {{ key }}, {% endfor %}
        unit_id,
        case when is_additive or is_same_area then value end as value,
        case
            when is_left
            then 'not_rebased'
            when is_own
            then 'as_reported'
            when not is_additive and not is_same_area
            then 'not_additive'
            when is_split
            then 'estimated'
            else 'exact'
        end as rebasing,
        is_additive and is_split as is_estimated,
        case
            when is_left or (is_additive and is_split) then 'cần phân bổ'
        end as allocation,
        is_partial,
        own_units
    from summed
{% endmacro %}
