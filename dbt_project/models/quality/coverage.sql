-- How far the province is connected: every feed of the inventory, whether it has ever
-- delivered, whether it is on time, and whether a person has to send it.
with
    -- what was judged again arrived when it was fetched
    arrived as (
        select
            delivery.feed,
            max(
                cast(coalesce(replayed.started_at, delivery.started_at) as timestamptz)
            ) as last_arrival_at
        from {{ source("ledger", "delivery") }} as delivery
        left join
            {{ source("ledger", "delivery") }} as replayed
            on replayed.seq = delivery.replays_seq
        where delivery.arrived
        group by delivery.feed
    ),
    clocks as (
        select feed, max_by(passed = evaluated, judged_at) as is_on_time
        from {{ ref("rule_result") }}
        where rule = 'live.on_time'
        group by feed
    )
select
    feed.feed,
    feed.agency,
    feed.agency_name_vi,
    feed.dataset,
    feed.title_vi,
    feed.status,
    feed.status <> 'retired' as is_required,
    feed.is_active and arrived.feed is not null as is_connected,
    feed.is_active
    and arrived.feed is not null
    and coalesce(clocks.is_on_time, false) as is_live,
    feed.channel,
    feed.channel in ('api', 'database') as is_automatic,
    feed.cadence,
    feed.late_after_s,
    arrived.last_arrival_at,
    feed.provider_vi,
    feed.checker_vi,
    feed.approver_vi
from {{ source("catalog", "feed") }} as feed
left join arrived using (feed)
left join clocks using (feed)
