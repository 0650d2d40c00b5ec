-- Known errors of the feeds and what became of them in each batch; never a value: raw
-- and corrected values stay in quarantine. The status is that of the register now.
select
    c.batch_id,
    c.feed,
    c.correction_id,
    c.key_hash,
    c.column_name,
    c.action,
    c.reason,
    c.provider,
    c.reported_on,
    coalesce(max(r.status), 'removed') as status,
    case
        when bool_or(c.found = 'applied') then 'applied' else min(c.found)
    end as outcome,
    count(c._row) as rows_found
from {{ source("quarantine", "corrections") }} as c
left join
    {{ source("catalog", "correction") }} as r
    on r.feed = c.feed
    and r.correction_id = c.correction_id
group by
    c.batch_id,
    c.feed,
    c.correction_id,
    c.key_hash,
    c.column_name,
    c.action,
    c.reason,
    c.provider,
    c.reported_on
