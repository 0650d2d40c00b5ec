-- What is not as agreed now: clocks that an active feed did not keep when it was last
-- judged by them, and collection rounds that ended without it. A correction is judged
-- by none.
with
    last_judged as (
        select rule_result.feed, max_by(delivery_id, judged_at) as delivery_id
        from {{ ref("rule_result") }} as rule_result
        join {{ source("catalog", "feed") }} as feed on feed.feed = rule_result.feed
        where rule_result.rule = 'live.on_time' and feed.is_active
        group by rule_result.feed
    )
select
    rule_result.feed,
    rule_result.rule as promise,
    rule_result.judged_at as found_at,
    rule_result.detail
from {{ ref("rule_result") }} as rule_result
join last_judged using (delivery_id)
where
    rule_result.rule in ('live.on_time', 'live.event_age', 'live.published')
    and rule_result.passed < rule_result.evaluated
union all
select feed, 'collection_round' as promise, deadline as found_at, reason as detail
from {{ ref("collection_round") }}
where not is_on_time and closed_at is not null
