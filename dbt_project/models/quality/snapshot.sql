-- The snapshots published so far, and the one this file is.
select snapshot_id, cast(built_at as timestamptz) as built_at, run_id, dbt_hash
from {{ source("ledger", "snapshot") }}
union all
select
    '{{ var("snapshot_id") }}',
    cast('{{ var("built_at") }}' as timestamptz),
    '{{ var("run_id") }}',
    '{{ var("dbt_hash") }}'
