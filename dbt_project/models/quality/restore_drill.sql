-- Rehearsals of a restore so far: whether what came back was equal, and how long it
-- took.
select
    drill_id,
    backup_id,
    cast(backup_taken_at as timestamptz) as backup_taken_at,
    cast(started_at as timestamptz) as started_at,
    cast(ended_at as timestamptz) as ended_at,
    duration_s,
    files,
    bytes,
    result,
    problem
from {{ source("ledger", "restore_drill") }}
