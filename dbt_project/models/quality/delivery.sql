select
    delivery_id,
    feed,
    agency,
    dataset,
    kind,
    cast(started_at as timestamptz) as started_at,
    cast(ended_at as timestamptz) as ended_at,
    outcome,
    batch_id,
    rows_received,
    detail
from {{ source("ledger", "delivery") }}
