{# What engines spell differently; each has one place here (DESIGN: SQL that other engines run). #}
{% macro month_start(period) %}
    {{ return(adapter.dispatch("month_start", "ioc")(period)) }}
{% endmacro %}

{% macro duckdb__month_start(period) %}
    cast({{ period }} || '-01' as date)
{% endmacro %}

{% macro iso_week_start(week) %}
    {{ return(adapter.dispatch("iso_week_start", "ioc")(week)) }}
{% endmacro %}

{# '2026-W45' to the Monday of that week #}
{% macro duckdb__iso_week_start(week) %}
    cast(strptime({{ week }} || '-1', '%G-W%V-%u') as date)
{% endmacro %}

{% macro quarter_start(period) %}
    {{ return(adapter.dispatch("quarter_start", "ioc")(period)) }}
{% endmacro %}

{# '2026-Q3' to 2026-07-01 #}
{% macro duckdb__quarter_start(period) %}
    make_date(
        cast(left({{ period }}, 4) as integer),
        cast(right({{ period }}, 1) as integer) * 3 - 2,
        1
    )
{% endmacro %}

{% macro half_year_start(period) %}
    {{ return(adapter.dispatch("half_year_start", "ioc")(period)) }}
{% endmacro %}

{# '2026-H2' to 2026-07-01 #}
{% macro duckdb__half_year_start(period) %}
    make_date(
        cast(left({{ period }}, 4) as integer),
        cast(right({{ period }}, 1) as integer) * 6 - 5,
        1
    )
{% endmacro %}

{% macro month_end(period) %}
    {{ return(adapter.dispatch("month_end", "ioc")(period)) }}
{% endmacro %}

{% macro duckdb__month_end(period) %}
    last_day(cast({{ period }} || '-01' as date))
{% endmacro %}

{% macro year_start(year) %}
    {{ return(adapter.dispatch("year_start", "ioc")(year)) }}
{% endmacro %}

{% macro duckdb__year_start(year) %} cast({{ year }} || '-01-01' as date) {% endmacro %}

{% macro year_end(year) %}
    {{ return(adapter.dispatch("year_end", "ioc")(year)) }}
{% endmacro %}

{% macro duckdb__year_end(year) %} cast({{ year }} || '-12-31' as date) {% endmacro %}

{# Column names of contracts may be words of SQL. #}
{% macro quoted(columns) %}
    {% set names = [] %}
    {% for column in columns %}
        {% do names.append(adapter.quote(column)) %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}

{% macro local_day(moment) %}
    {{ return(adapter.dispatch("local_day", "ioc")(moment)) }}
{% endmacro %}

{# The day in Viet Nam, seven hours ahead all year, of a UTC moment written as text. #}
{% macro duckdb__local_day(moment) %}
    cast(cast({{ moment }} as timestamp) + interval 7 hour as date)
{% endmacro %}

{% macro seconds_between(start, end) %}
    {{ return(adapter.dispatch("seconds_between", "ioc")(start, end)) }}
{% endmacro %}

{% macro duckdb__seconds_between(start, end) %}
    date_diff(
        'second', cast({{ start }} as timestamptz), cast({{ end }} as timestamptz)
    )
{% endmacro %}

{% macro json_text(column, path) %}
    {{ return(adapter.dispatch("json_text", "ioc")(column, path)) }}
{% endmacro %}

{# The text at a dotted path of a column with JSON; null where nothing is there. #}
{% macro duckdb__json_text(column, path) %}
    json_extract_string({{ column }}, '$.{{ path }}')
{% endmacro %}

{% macro days_between(start, end) %}
    {{ return(adapter.dispatch("days_between", "ioc")(start, end)) }}
{% endmacro %}

{# Days from one moment to another, parts of days counted: 1.5 is a day and a half. #}
{% macro duckdb__days_between(start, end) %}
    {{ return(
        "date_diff('second', cast(" ~ start ~ " as timestamp), cast(" ~ end ~ " as timestamp)) / 86400.0"
    ) }}
{% endmacro %}

{% macro months_after(day, months) %}
    {{ return(adapter.dispatch("months_after", "ioc")(day, months)) }}
{% endmacro %}

{% macro duckdb__months_after(day, months) %}
    cast({{ day }} + interval ({{ months }}) month as date)
{% endmacro %}

{% macro period_end(period_type, period_start) %}
    {{ return(adapter.dispatch("period_end", "ioc")(period_type, period_start)) }}
{% endmacro %}

{# The last day of a period, from columns with its kind and its first day. #}
{% macro duckdb__period_end(period_type, period_start) %}
    cast(
        {{ period_start }} + case
            {{ period_type }}
            when 'day'
            then interval 1 day
            when 'week'
            then interval 7 day
            when 'month'
            then interval 1 month
            when 'quarter'
            then interval 3 month
            when 'half'
            then interval 6 month
            when 'year'
            then interval 12 month
        end
        - interval 1 day as date
    )
{% endmacro %}
