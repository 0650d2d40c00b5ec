{# The grain of a model: no two rows share these columns, and none of them is null. #}
{% test unique_key(model, columns, where_nullable=[]) %}
    select {{ quoted(columns) | join(", ") }}, count(*) as rows_found
    from {{ model }}
    group by {{ quoted(columns) | join(", ") }}
    having
        count(*) > 1
        {% for column in columns if column not in where_nullable %}
            or bool_or({{ adapter.quote(column) }} is null)
        {% endfor %}
{% endtest %}
