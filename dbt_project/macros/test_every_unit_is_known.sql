{#
  A province name that no unit bears in its period never reaches an indicator: say so. Names of
  bodies that are no unit, and periods before the dimension begins, are left out.
#}
{% test every_unit_is_known(model, unit) %}
    select period_start, {{ unit }}
    from {{ model }}
    where
        unit_id is null
        and period_start >= date '2003-01-01'
        and {{ unit }} not in (
            select name from {{ ref("name_spelling") }} where name_list <> 'province'
        )
{% endtest %}
