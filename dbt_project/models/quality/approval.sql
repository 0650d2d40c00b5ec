-- What people decided about batches. Names are as the environment gave them: nobody is
-- authenticated until there are accounts.
select
    approval_id,
    batch_id,
    feed,
    decision,
    actor,
    is_authenticated,
    reason,
    score,
    cast(decided_at as timestamptz) as decided_at
from {{ source("ledger", "approval") }}
