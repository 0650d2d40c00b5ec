-- Two figures that seem to contradict each other may be of two maps: each names the
-- unit
-- it is of.
select
    q.measure,
    q.period_start,
    q.period_end,
    q.prices,
    q.unit_id,
    u.full_name as scope_name,
    u.valid_from as scope_valid_from,
    u.valid_to as scope_valid_to,
    q.value,
    q.unit,
    count(distinct q.unit_id) over same_question as scopes,
    count(distinct q.value) over same_scope as values_of_scope,
    q.source,
    q.source_ref
from {{ ref("quoted_figures") }} as q
inner join {{ ref("dim_admin_unit") }} as u on u.unit_id = q.unit_id
window
    same_question as (
        partition by q.measure, q.period_start, q.period_end, q.prices, u.level, u.code
    ),
    same_scope as (
        partition by q.measure, q.period_start, q.period_end, q.prices, q.unit_id
    )
