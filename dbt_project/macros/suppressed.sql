{# Counts of persons from 1 up to this, itself left out, are not published. Zero says of nobody. #}
{% macro smallest_cell() %} 5{% endmacro %}

{#
  Counts of persons that may be published: no cell from 1 to 4, and none that could be worked out
  from what is shown (ADR 0034, H28).

  `cells` has one row per cell of one or several tables: `table_of` are the columns that tell the
  tables apart, `line` the unit, `breakdown` and `category` the column of the table, `value` the
  count. A table's lines add up to one of its own (the province) and its categories to the category
  'total', both of which are among the cells.

  What comes back has `suppression` beside it: 'small' for a cell from 1 to 4, 'complement' for one
  that is hidden so that no small one is the only gap of a sum, null for what is shown.
  `value` is null where it is set.

  1. A line with a small cell also hides its `anchor`: one category for the whole table, by
     preference the smallest that is nowhere small. If the anchor itself is all that is small, the
     next best goes with it.
  2. A category that only one line hides is hidden in the line with the next smallest count, too,
     together with that line's anchor.

  So each hidden cell is a corner of a rectangle of hidden cells: its lines and its sums allow
  another solution.
#}
{% macro suppressed(cells, table_of, line, value) %}
    {% set tables = (table_of + ["breakdown"]) | join(", ") %}
    {% set smallest = smallest_cell() | int %}
    with
        told as (select * from {{ cells }}),

        ranked as (
            select
                {{ tables }},
                category,
                row_number() over (
                    partition by {{ tables }}
                    order by
                        case when min({{ value }}) >= {{ smallest }} then 0 else 1 end,
                        case
                            when min({{ value }}) >= {{ smallest }}
                            then sum({{ value }})
                            else - sum({{ value }})
                        end,
                        category
                ) as place
            from told
            where category <> 'total'
            group by {{ tables }}, category
        ),

        anchored as (
            select
                {{ tables }},
                max(case when place = 1 then category end) as anchor,
                max(case when place = 2 then category end) as next_best
            from ranked
            group by {{ tables }}
        ),

        small as (
            select
                told.*,
                anchored.anchor,
                anchored.next_best,
                coalesce(
                    told.{{ value }} between 1 and {{ smallest }} - 1, false
                ) as is_small
            from told
            inner join
                anchored
                on {% for column in table_of + ["breakdown"] %}
                    anchored.{{ column }} = told.{{ column }}
                    {{ "and" if not loop.last }}
                {% endfor %}
        ),

        by_line as (
            select
                *,
                max(case when is_small then 1 else 0 end) over (
                    partition by {{ tables }}, {{ line }}
                )
                = 1 as has_small,
                max(case when is_small and category <> anchor then 1 else 0 end) over (
                    partition by {{ tables }}, {{ line }}
                )
                = 1 as has_small_beside
            from small
        ),

        first_round as (
            select
                *,
                is_small
                or (has_small and category = anchor)
                or (
                    has_small and not has_small_beside and category = next_best
                ) as is_hidden
            from by_line
        ),

        by_category as (
            select
                *,
                sum(case when is_hidden then 1 else 0 end) over (
                    partition by {{ tables }}, category
                )
                = 1
                and (category <> anchor or next_best is null) as is_lone,
                row_number() over (
                    partition by {{ tables }}, category
                    order by
                        case when is_hidden or {{ value }} = 0 then 1 else 0 end,
                        {{ value }} nulls last,
                        {{ line }}
                )
                = 1 as is_next
            from first_round
        ),

        second_round as (
            select *, is_lone and is_next and not is_hidden as is_companion
            from by_category
        ),

        decided as (
            select
                *,
                is_hidden
                or is_companion
                or (
                    category = anchor
                    and max(case when is_companion then 1 else 0 end) over (
                        partition by {{ tables }}, {{ line }}
                    )
                    = 1
                ) as is_suppressed
            from second_round
        )

    select
        {{ (table_of + [line, "breakdown", "category"]) | join(", ") }},
        case when not is_suppressed then {{ value }} end as {{ value }},
        case
            when is_small then 'small' when is_suppressed then 'complement'
        end as suppression
    from decided
{% endmacro %}
