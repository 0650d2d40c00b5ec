{# A threshold warns on the side that is worse: of what is to be high, below it. #}
{% test threshold_follows_direction(model) %}
    select t.indicator_code, t.comparison, i.direction
    from {{ model }} as t
    inner join
        {{ ref("indicator_catalogue") }} as i on i.indicator_code = t.indicator_code
    where
        (i.direction = 'higher_is_better' and t.comparison <> 'below')
        or (i.direction = 'lower_is_better' and t.comparison <> 'above')
{% endtest %}
