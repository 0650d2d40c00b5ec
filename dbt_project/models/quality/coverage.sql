-- How far the province is connected: every feed of the inventory, whether it has ever
-- delivered, whether it is on time, and whether a person has to send it.
with
    arrived as (
        select
            feed,
            max(cast(started_at as timestamptz)) as last_arrival_at,
            count(*) as deliveries
        from {{ source("ledger", "delivery") }}
        where arrived
        group by feed
    ),
    clocks as (
        select feed, bool_and(passed = evaluated) as is_on_time
        from {{ ref("rule_result") }}
        where
            rule = 'live.on_time'
            and delivery_id in (
                select max_by(delivery_id, started_at)
                from {{ source("ledger", "delivery") }}
                where outcome not in ('running', 'interrupted')
                group by feed
            )
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
    arrived.last_arrival_at
from {{ source("catalog", "feed") }} as feed
left join arrived using (feed)
left join clocks using (feed)
