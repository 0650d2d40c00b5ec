-- Totals that the agencies' files state, against the sum of the rows they are made of.
-- Where rows may not be published the figures are left out: less the rows that were
-- accepted, they would tell the one that was refused.
select
    t.batch_id,
    t.feed,
    t.source_file,
    t.sheet,
    t.row_number,
    t.label,
    t.key,
    t.column_name,
    case when f.publishes_rows then t.stated end as stated,
    case when f.publishes_rows then t.parts_sum end as parts_sum,
    t.parts,
    case when f.publishes_rows then t.difference end as difference,
    t.ties
from {{ source("quarantine", "control_totals") }} as t
left join {{ source("catalog", "feed") }} as f on f.feed = t.feed
