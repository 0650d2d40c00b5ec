-- A feed has delivered when good data, or the source's word that there is none, came
-- after the round was opened.
with
    arrivals as (
        select feed, cast(started_at as timestamptz) as arrived_at
        from {{ source("ledger", "delivery") }}
        where arrived and kind = 'fetch'
    ),
    asked as (
        select
            collection_round.round_id,
            collection_round_feed.feed,
            collection_round.reason,
            cast(collection_round.opened_at as timestamptz) as opened_at,
            cast(collection_round.deadline as timestamptz) as deadline,
            cast(collection_round.closed_at as timestamptz) as closed_at
        from {{ source("ledger", "collection_round") }} as collection_round
        join
            {{ source("ledger", "collection_round_feed") }} as collection_round_feed
            on collection_round.round_id = collection_round_feed.round_id
    ),
    answered as (
        select asked.round_id, asked.feed, min(arrivals.arrived_at) as delivered_at
        from asked
        join
            arrivals
            on asked.feed = arrivals.feed
            and arrivals.arrived_at >= asked.opened_at
        group by asked.round_id, asked.feed
    )
select
    asked.round_id,
    asked.feed,
    asked.reason,
    asked.opened_at,
    asked.deadline,
    asked.closed_at,
    answered.delivered_at,
    coalesce(answered.delivered_at <= asked.deadline, false) as is_on_time
from asked
left join answered on asked.round_id = answered.round_id and asked.feed = answered.feed
