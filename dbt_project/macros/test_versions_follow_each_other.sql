{# Versions of an indicator: the days they hold do not overlap and leave no day out. #}
{% test versions_follow_each_other(model) %}
    select indicator_code, version
    from
        (
            select
                *,
                lead(valid_from) over (
                    partition by indicator_code order by version
                ) as next_from
            from {{ model }}
        )
    where next_from is not null and (valid_to is null or valid_to + 1 <> next_from)
{% endtest %}
