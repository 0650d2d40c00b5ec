-- The snapshots published so far, and the one this file is. Its facts come as
-- environment
-- variables: a changed dbt var would make dbt parse the whole project again every
-- night.
select snapshot_id, cast(built_at as timestamptz) as built_at, run_id, dbt_hash
from {{ source("ledger", "snapshot") }}
union all
select
    {{ dbt.string_literal(env_var("IOC_SNAPSHOT_ID", "none")) }},
    cast(
        {{ dbt.string_literal(env_var("IOC_BUILT_AT", "1970-01-01T00:00:00+00:00")) }}
        as timestamptz
    ),
    {{ dbt.string_literal(env_var("IOC_RUN_ID", "none")) }},
    {{ dbt.string_literal(env_var("IOC_DBT_HASH", "none")) }}
