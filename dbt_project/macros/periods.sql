{#
  The first day of the period that lies `by` periods after the one that begins at `start`; of which
  kind it is, a column says.
#}
{% macro period_shifted(period_type, start, by) %}
    case
        {{ period_type }}
        when 'day'
        then {{ start }} + ({{ by }})
        when 'week'
        then {{ start }} + 7 * ({{ by }})
        when 'month'
        then {{ months_after(start, by) }}
        when 'quarter'
        then {{ months_after(start, "3 * " ~ by) }}
        when 'half'
        then {{ months_after(start, "6 * " ~ by) }}
        else {{ months_after(start, "12 * " ~ by) }}
    end
{% endmacro %}

{# The day in Viet Nam on which the run began that builds this file. #}
{% macro build_day() %}
    {{ local_day(dbt.string_literal(env_var("IOC_BUILT_AT", "1970-01-01T00:00:00+00:00"))) }}
{% endmacro %}
