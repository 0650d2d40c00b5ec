-- What is published of a refused row: its place, rule and a keyed hash of its key;
-- never a value. What became of it follows from the deliveries since and is worked out
-- before the build.
select
    refused.batch_id,
    refused.feed,
    refused.source_file,
    refused.sheet,
    refused.row_number,
    refused.cell,
    refused.key_hash,
    refused.rule,
    refused.dimension,
    refused.column_name,
    refused.message_vi,
    case
        when coalesce(refused.is_held_back, false)
        then 'held_with_batch'
        else coalesce(found.status, 'open')
    end as status,
    refused.ticket,
    found.attempt,
    found.first_refused_at,
    found.closed_at,
    found.closed_by_batch,
    found.due_at,
    coalesce(found.is_overdue, false) as is_overdue,
    coalesce(blame.fault, 'source') as fault,
    blame.accepted_in
from {{ source("quarantine", "refusals") }} as refused
left join
    {{ source("ledger", "refused_case") }} as found
    on refused.batch_id = found.batch_id
    and refused.feed = found.feed
    and refused.ticket = found.ticket
left join
    {{ source("ledger", "row_fault") }} as blame
    on refused.batch_id = blame.batch_id
    and refused.key_hash = blame.key_hash
