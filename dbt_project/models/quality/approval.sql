-- What was decided about batches: by people, and by the profile where the score was
-- high enough to ask nobody. Names are as the environment gave them: nobody is
-- authenticated until there are accounts.
select
    cast(approval_id as varchar) as approval_id,
    batch_id,
    feed,
    decision,
    actor,
    is_authenticated,
    reason,
    score,
    cast(decided_at as timestamptz) as decided_at
from {{ source("ledger", "approval") }}
union all
select
    delivery_id as approval_id,
    batch_id,
    feed,
    'automatic' as decision,
    null as actor,
    false as is_authenticated,
    {{ json_text("detail", "approval.document") }} as reason,
    cast({{ json_text("detail", "approval.score") }} as double) as score,
    cast(ended_at as timestamptz) as decided_at
from {{ source("ledger", "delivery") }}
where {{ json_text("detail", "approval.by") }} = 'automatic'
