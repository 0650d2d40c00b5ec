{#
  No hidden cell is the only gap of a sum: of its line's categories and their total, or of its
  category in all lines. `table_of` tells the tables apart, `line` is the unit.
#}
{% test no_lone_gap(model, table_of, line, value) %}
    {% set tables = table_of | join(", ") %}
    with
        told as (
            select
                {{ tables }},
                {{ line }},
                breakdown,
                category,
                case when {{ value }} is null then 1 else 0 end as is_gap
            from {{ model }}
        ),

        -- a line's total stands once for all of its breakdowns
        totals as (
            select {{ tables }}, {{ line }}, is_gap from told where breakdown = 'total'
        ),

        lines as (
            select
                {{ tables }},
                {{ line }},
                breakdown,
                count(*) as categories,
                sum(is_gap) as gaps
            from told
            where breakdown <> 'total'
            group by {{ tables }}, {{ line }}, breakdown
        ),

        lone_in_line as (
            select l.{{ line }} as place, l.breakdown
            from lines as l
            inner join
                totals as t on t.{{ line }} = l.{{ line }}
                {% for column in table_of %}
                    and t.{{ column }} = l.{{ column }}
                {% endfor %}
            where l.categories > 1 and l.gaps + t.is_gap = 1
        ),

        lone_in_category as (
            select category as place, breakdown
            from told
            group by {{ tables }}, breakdown, category
            having sum(is_gap) = 1
        )

    select *
    from lone_in_line
    union all
    select *
    from lone_in_category
{% endtest %}
