-- Runs that ended before this build; the one that made it stands in the next.
select
    run_id,
    job,
    "trigger" as started_by,
    status,
    cast(started_at as timestamptz) as started_at,
    cast(ended_at as timestamptz) as ended_at,
    {{ seconds_between("started_at", "ended_at") }} as duration_s,
    problem
from {{ source("ledger", "run") }}
