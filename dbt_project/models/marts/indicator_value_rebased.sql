-- Every indicator on the map of today; the map of its own time is in `indicator_value`.
{% set figures %}
    (
        select v.*, i.is_additive, i.over_time
        from {{ ref("indicator_value") }} as v
        inner join
            {{ ref("indicator_version") }} as i
            on i.indicator_code = v.indicator_code
            and i.version = v.version
    )
{% endset %}
{{
    rebased(
        figures,
        "date '9999-12-31'",
        ["indicator_code", "period_type", "period_start", "version"],
        adds_over_time="over_time = 'sum'",
    )
}}
