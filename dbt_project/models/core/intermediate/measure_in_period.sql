-- Measures in their own period and in every longer one that holds it: days in months,
-- months in quarters, half-years, years. A figure of a stock, or one that its source
-- already counts from January, is the newest of each unit measured. Weeks fit into
-- none.
{% set longer = {
    "month": ["day"],
    "quarter": ["day", "month"],
    "half": ["day", "month", "quarter"],
    "year": ["day", "month", "quarter"],
} %}
with
    followed as (
        select m.*, i.over_time
        from {{ ref("measure") }} as m
        inner join
            {{ ref("indicator_catalogue") }} as i
            on i.indicator_code = m.indicator_code
            and i.version = m.version
    ),

    placed as (
        select
            *,
            period_type as base_type,
            period_start as base_start,
            false as is_aggregated
        from followed
        {% for period_type, bases in longer.items() %}
            union all
            select
                * replace (
                    '{{ period_type }}' as period_type,
                    {{ period_of(period_type, "period_start") }} as period_start
                ),
                period_type as base_type,
                period_start as base_start,
                true as is_aggregated
            from followed
            where over_time <> 'none' and period_type in ('{{ bases | join("', '") }}')
        {% endfor %}
    )

select *
from placed
qualify
    not is_aggregated
    or over_time = 'sum'
    or base_start = max(base_start) over (
        partition by
            indicator_code,
            version,
            period_type,
            period_start,
            unit_id,
            measured_unit_id
    )
