-- What was known of each value since when: as the newest snapshot says, and one row
-- more where the value is another now. A value that is no longer there is null.
{% set key = "indicator_code, period_type, period_start, unit_id" %}
{{ config(tags=["each_build"]) }}
with
    recorded as (select * from {{ ref("indicator_value_before") }}),

    newest as (
        select *
        from recorded
        qualify row_number() over (partition by {{ key }} order by known_from desc) = 1
    ),

    changed as (
        select
            {{ key }},
            c.value,
            c.is_complete,
            cast(
                {{
                    dbt.string_literal(
                        env_var("IOC_BUILT_AT", "1970-01-01T00:00:00+00:00")
                    )
                }} as timestamptz
            ) as known_from
        from newest as n
        full join {{ ref("indicator_value") }} as c using ({{ key }})
        where n.value is distinct from c.value
    ),

    history as (
        select *
        from recorded
        union all
        select *
        from changed
    )

select
    {{ key }},
    value,
    is_complete,
    known_from,
    lead(known_from) over (partition by {{ key }} order by known_from) as known_to
from history
