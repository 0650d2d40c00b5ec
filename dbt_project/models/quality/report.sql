-- Reports that were issued by the time of this build. Who started one is a name of the
-- environment, so only the way it was started is told.
select
    report_id,
    kind,
    title_vi,
    period,
    snapshot_id,
    cast(as_of as timestamptz) as as_of,
    started_by,
    figures,
    restatements,
    cast(issued_at as timestamptz) as issued_at
from {{ source("ledger", "report") }}
