-- From the event at the source to the mart (A19): of each delivery that brought a
-- batch,
-- when the newest thing it tells of happened, when it arrived and when it was
-- published. A delivery of the snapshot being built is not published yet.
with
    published as (
        select run_id, min(cast(published_at as timestamptz)) as published_at
        from {{ source("ledger", "snapshot") }}
        group by run_id
    )
select
    delivery.delivery_id,
    delivery.feed,
    delivery.agency,
    delivery.dataset,
    cast(delivery.newest_event as timestamptz) as newest_event_at,
    cast(delivery.started_at as timestamptz) as arrived_at,
    published.published_at,
    {{ seconds_between("delivery.newest_event", "delivery.started_at") }}
    as event_to_arrival_s,
    {{ seconds_between("delivery.started_at", "published.published_at") }}
    as arrival_to_publication_s
from {{ source("ledger", "delivery") }} as delivery
left join published using (run_id)
where delivery.kind = 'fetch' and delivery.arrived and delivery.batch_id is not null
