{#
  The figures that indicators are counted from, of rows that have `unit_id` and `period_start`: for
  each figure one row per period, unit, feed and batch. A figure has `code`, `value` and, for a
  rate, `per`: both sides are summed, so that a province's rate is never a mean of communes' rates.
  `where` narrows its rows, `version` names the version of the indicator's definition, 1 unless said.
#}
{% macro measured(rows, period_type, figures) %}
    {% for figure in figures %}
        select
            '{{ figure.code }}' as indicator_code,
            {{ figure.get("version", 1) }} as version,
            '{{ period_type }}' as period_type,
            period_start,
            unit_id,
            sum({{ exact(figure.value) }}) as numerator,
            {% if "per" in figure %} sum({{ exact(figure.per) }})
            {% else %} cast(null as decimal(38, 6))
            {% endif %} as denominator,
            _feed,
            _batch_id,
            max(_recorded_at) as _recorded_at
        from {{ rows }} as r
        where
            unit_id is not null and ({{ figure.value }}) is not null
            {% if "where" in figure %} and {{ figure.where }} {% endif %}
        group by period_start, unit_id, _feed, _batch_id
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
{% endmacro %}

{#
  A figure as an exact number, to the millionth: floating sums depend on the order of their rows,
  and the same content would come to another value each night.
#}
{% macro exact(value) %} cast({{ value }} as decimal(38, 6)) {% endmacro %}

{# Rows of a dataset with the commune that their code meant at the beginning of their period. #}
{% macro in_commune(name, period_start) %}
    (
        select d.*, u.unit_id, {{ period_start }} as period_start
        from {{ ref(name) }} as d
        inner join
            {{ ref("dim_admin_unit") }} as u
            on u.code = d.commune_code
            and u.level = 'commune'
            and {{ period_start }}
            between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
    )
{% endmacro %}

{# Rows that name no unit with the one whose data their feed keeps, as its agency or profile says. #}
{% macro in_unit_of_feed(name, period_start) %}
    (
        select d.*, u.unit_id, {{ period_start }} as period_start
        from {{ ref(name) }} as d
        inner join {{ source("catalog", "feed") }} as f on f.feed = d._feed
        inner join
            {{ ref("dim_admin_unit") }} as u
            on u.code = f.unit_code
            and {{ period_start }}
            between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
    )
{% endmacro %}

{# The first day of the calendar period that holds a day. #}
{% macro period_of(period_type, day) %}
    {{ return(adapter.dispatch("period_of", "ioc")(period_type, day)) }}
{% endmacro %}

{% macro duckdb__period_of(period_type, day) %}
    {% if period_type == "half" %}
        cast(
            date_trunc('year', {{ day }}) + case
                when month({{ day }}) > 6 then interval 6 month else interval 0 month
            end as date
        )
    {% else %} cast(date_trunc('{{ period_type }}', {{ day }}) as date)
    {% endif %}
{% endmacro %}

{# A figure as it is, or a rate: of two sums. Over nothing it is no value. #}
{% macro quotient(numerator, denominator, is_rate) %}
    case
        when not ({{ is_rate }})
        then cast({{ numerator }} as double)
        when {{ denominator }} <> 0
        then cast({{ numerator }} as double) / cast({{ denominator }} as double)
    end
{% endmacro %}

{# The models `measure_<sector>` that indicators are counted from. #}
{% macro measured_sectors() %}
    {{
        return(
            [
                "finance",
                "land",
                "planning",
                "map",
                "infrastructure",
                "population",
                "government",
                "health",
                "education",
                "environment",
                "socio_economic",
                "by_hand",
            ]
        )
    }}
{% endmacro %}
