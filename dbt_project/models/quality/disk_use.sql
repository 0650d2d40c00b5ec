select area, files, bytes, free_bytes, measured_at
from {{ source("ledger", "disk_use") }}
