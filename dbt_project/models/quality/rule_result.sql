-- How each rule fared in each delivery: what every score is made of.
select
    delivery.delivery_id,
    delivery.feed,
    delivery.dataset,
    delivery.batch_id,
    rule_result.rule,
    rule_result.dimension,
    nullif(rule_result.column_name, '') as column_name,
    rule_result.passed,
    rule_result.evaluated,
    nullif(rule_result.detail, '') as detail,
    cast(delivery.ended_at as timestamptz) as judged_at,
    {{ local_day("delivery.ended_at") }} as judged_on
from {{ source("ledger", "rule_result") }} as rule_result
join
    {{ source("ledger", "delivery") }} as delivery
    on delivery.seq = rule_result.delivery_seq
