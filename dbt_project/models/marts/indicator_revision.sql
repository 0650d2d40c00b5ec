-- A value of a period that was over and whole, and was published, became another one. A
-- period that still fills is not revised, it grows.
{{ config(tags=["each_build"]) }}
with
    followed as (
        select
            *,
            lag(value) over story as earlier_value,
            lag(is_complete) over story as was_complete,
            lag(known_from) over story as earlier_known_from
        from {{ ref("indicator_value_recorded") }}
        window
            story as (
                partition by indicator_code, period_type, period_start, unit_id
                order by known_from
            )
    )

select
    indicator_code,
    period_type,
    period_start,
    unit_id,
    earlier_value,
    value,
    value - earlier_value as change,
    case
        when earlier_value <> 0 then 100.0 * (value - earlier_value) / earlier_value
    end as change_percent,
    value is null as is_withdrawn,
    earlier_known_from,
    known_from
from followed
where
    earlier_value is not null
    and was_complete
    and {{ period_end("period_type", "period_start") }}
    < {{ local_day("earlier_known_from") }}
