-- Which rules are broken together in one row: two names of one cause show as a pair.
with
    broken as (
        select distinct feed, batch_id, source_file, sheet, row_number, key_hash, rule
        from {{ ref("refused_row") }}
    )
select
    one.feed,
    one.batch_id,
    one.rule as rule_a,
    other.rule as rule_b,
    count(*) as rows_refused
from broken as one
join
    broken as other
    on other.batch_id = one.batch_id
    and other.source_file is not distinct from one.source_file
    and other.sheet is not distinct from one.sheet
    and other.row_number is not distinct from one.row_number
    and other.key_hash = one.key_hash
    and other.rule > one.rule
group by one.feed, one.batch_id, one.rule, other.rule
