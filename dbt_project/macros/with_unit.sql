{#
  The rows of a dataset with `period_start`, the first day of their period, and `unit_id`: the
  province of that name in force in the period, the earliest where it changed within it. Null
  where the name is no province, or the dimension, which begins in 2003, does not reach.
#}
{% macro with_unit(name, period_start, period_end, unit="province_name") %}
    {% set rows = ref(name) %}
    {% set names = ref("admin_unit_name") %}
    {% if not execute %} select 1 as parsing
    {% else %}
        {% set key = graph.sources["source.ioc.accepted." ~ name].meta.key %}
        select d.*, {{ period_start }} as period_start, n.unit_id
        from {{ rows }} as d
        left join
            {{ names }} as n
            on n.spelling = d.{{ unit }}
            and n.valid_from <= {{ period_end }}
            and coalesce(n.valid_to, date '9999-12-31') >= {{ period_start }}
        qualify
            row_number() over (
                partition by d.{{ quoted(key) | join(", d.") }} order by n.valid_from
            )
            = 1
    {% endif %}
{% endmacro %}
