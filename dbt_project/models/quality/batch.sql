select
    batch_id,
    feed,
    dataset,
    contract_version,
    rows_received,
    rows_accepted,
    rows_quarantined,
    rows_duplicate,
    status,
    cast(judged_at as timestamptz) as judged_at
from {{ source("ledger", "batch") }}
