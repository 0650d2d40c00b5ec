{# A count of persons that is published is none, or enough of them that nobody is singled out. #}
{% test no_small_cell(model, column_name) %}
    select {{ column_name }}
    from {{ model }}
    where {{ column_name }} between 1 and {{ smallest_cell() }} - 1
{% endtest %}
