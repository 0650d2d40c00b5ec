-- Complaints about published values, by the agency to answer them.
-- What people wrote stays in the ledger.
select distinct
    c.reference,
    f.agency,
    c.status,
    cast(c.opened_at as timestamptz) as opened_at,
    cast(c.due_at as timestamptz) as due_at,
    cast(c.answered_at as timestamptz) as answered_at,
    c.indicator_code,
    c.period_type,
    cast(c.period_start as date) as period_start,
    c.unit_id
from {{ source("ledger", "complaint") }} as c
inner join {{ source("ledger", "complaint_feed") }} as f on f.reference = c.reference
