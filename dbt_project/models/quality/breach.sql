-- What is not as agreed now: clocks that the last delivery of a feed did not keep, and
-- collection rounds that ended without it.
with
    last_delivery as (
        select feed, max_by(delivery_id, started_at) as delivery_id
        from {{ ref("delivery") }}
        where outcome not in ('running', 'interrupted')
        group by feed
    )
select
    rule_result.feed,
    rule_result.rule as promise,
    rule_result.judged_at as found_at,
    rule_result.detail
from {{ ref("rule_result") }} as rule_result
join last_delivery using (delivery_id)
where
    rule_result.rule in ('live.on_time', 'live.event_age', 'live.published')
    and rule_result.passed < rule_result.evaluated
union all
select feed, 'collection_round' as promise, deadline as found_at, reason as detail
from {{ ref("collection_round") }}
where not is_on_time and closed_at is not null
