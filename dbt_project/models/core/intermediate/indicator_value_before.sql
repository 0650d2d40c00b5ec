-- What the newest snapshot says was known of each value since when.
{{ config(tags=["each_build"]) }}
select
    indicator_code,
    period_type,
    period_start,
    unit_id,
    value,
    is_complete,
    cast(known_from as timestamptz) as known_from
from {{ source("ledger", "indicator_value_recorded") }}
