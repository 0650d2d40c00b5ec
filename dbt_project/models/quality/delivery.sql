select
    delivery.delivery_id,
    delivery.feed,
    delivery.agency,
    delivery.dataset,
    delivery.kind,
    cast(delivery.started_at as timestamptz) as started_at,
    cast(delivery.ended_at as timestamptz) as ended_at,
    delivery.outcome,
    delivery.batch_id,
    delivery.rows_received,
    delivery.detail,
    blame.fault,
    blame.fault_reason
from {{ source("ledger", "delivery") }} as delivery
left join
    {{ source("ledger", "delivery_fault") }} as blame
    on delivery.delivery_id = blame.delivery_id
