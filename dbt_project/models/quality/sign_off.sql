-- What heads of agencies signed off of what was supplied in a month, and what is
-- missing: the reminder list of the IOC. Worked out before the build.
select agency, month, status, due_on, signed_at, signed_by, last_change_at
from {{ source("ledger", "sign_off_due") }}
