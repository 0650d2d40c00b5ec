{# The grain of a model: no two rows share these columns, and none of them is null. #}
{% test unique_key(model, columns, where_nullable=[]) %}
    select {{ columns | join(", ") }}, count(*) as rows_found
    from {{ model }}
    group by {{ columns | join(", ") }}
    having
        count(*) > 1
        {% for column in columns if column not in where_nullable %}
            or bool_or({{ column }} is null)
        {% endfor %}
{% endtest %}
