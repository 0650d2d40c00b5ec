{# Shares of one thing: what is divided is all given away, and no more. #}
{% test sums_to_one(model, by, weight) %}
    select {{ by }}, sum({{ weight }}) as total
    from {{ model }}
    group by {{ by }}
    having abs(sum({{ weight }}) - 1) > 0.000001 or min({{ weight }}) <= 0
{% endtest %}
