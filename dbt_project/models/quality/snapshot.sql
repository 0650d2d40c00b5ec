-- The snapshots published so far, and the one this file is. Its facts come as
-- environment
-- variables: a changed dbt var would make dbt parse the whole project again every
-- night.
select snapshot_id, cast(built_at as timestamptz) as built_at, run_id, dbt_hash
from {{ source("ledger", "snapshot") }}
union all
select
    '{{ env_var(' ioc_snapshot_id ', ' none ') }}',
    cast(
        '{{ env_var(' ioc_built_at ', ' 1970
        - 01
        - 01 t00:00:00
        + 00:00 ') }}' as timestamptz
    ),
    '{{ env_var(' ioc_run_id ', ' none ') }}',
    '{{ env_var(' ioc_dbt_hash ', ' none ') }}'
