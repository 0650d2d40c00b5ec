-- From the event at the source to the mart (A19), of each delivery whose batch came to
-- count: when the newest thing it tells of happened, when it arrived, when a snapshot
-- had it first. One that waits for approval is not there until it counts. The snapshot
-- that has this table is not published while it is built: what none before it had is
-- taken as published now, and is exact in the next one.
with
    accepted as (
        select delivery_seq, min(accepted_at) as accepted_at
        from {{ source("ledger", "acceptance") }}
        group by delivery_seq
    ),
    -- what was accepted when it was judged again tells its newest event there
    told as (
        select
            coalesce(replays_seq, seq) as delivery_seq,
            max(newest_event) as newest_event
        from {{ source("ledger", "delivery") }}
        group by 1
    ),
    -- a snapshot is dated by the beginning of its run, before what that run accepted
    published as (
        select
            delivery.seq as delivery_seq,
            min(cast(snapshot.published_at as timestamptz)) as published_at
        from {{ source("ledger", "delivery") }} as delivery
        join accepted on accepted.delivery_seq = delivery.seq
        join
            {{ source("ledger", "snapshot") }} as snapshot
            on snapshot.built_at > accepted.accepted_at
            or (
                snapshot.run_id = delivery.run_id
                and snapshot.published_at > accepted.accepted_at
            )
        group by delivery.seq
    ),
    told_of as (
        select
            accepted.delivery_seq,
            published.delivery_seq is not null as is_publication_exact,
            coalesce(
                published.published_at, cast(current_timestamp as timestamptz)
            ) as published_at
        from accepted
        left join published on published.delivery_seq = accepted.delivery_seq
    )
select
    delivery.delivery_id,
    delivery.feed,
    delivery.agency,
    delivery.dataset,
    cast(told.newest_event as timestamptz) as newest_event_at,
    cast(delivery.started_at as timestamptz) as arrived_at,
    told_of.published_at,
    told_of.is_publication_exact,
    {{ seconds_between("told.newest_event", "delivery.started_at") }}
    as event_to_arrival_s,
    {{ seconds_between("delivery.started_at", "told_of.published_at") }}
    as arrival_to_publication_s
from {{ source("ledger", "delivery") }} as delivery
join told_of on told_of.delivery_seq = delivery.seq
join told on told.delivery_seq = delivery.seq
where delivery.kind = 'fetch'
