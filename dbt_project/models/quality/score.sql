select
    feed,
    agency,
    dataset,
    nullif(batch_id, '') as batch_id,
    cast(scored_on as date) as scored_on,
    dimension,
    score,
    passed,
    evaluated,
    cast(scored_at as timestamptz) as scored_at
from {{ source("ledger", "score") }}
