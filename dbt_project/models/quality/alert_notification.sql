-- Who was told of an alert, and how long after the run began that found it: the delay
-- of alerts, measured (L23). A sink is a name of the profile, never an address.
select
    n.alert_id,
    n.event,
    n.sink,
    n.problem = '' as is_told,
    n.problem,
    cast(n.tried_at as timestamptz) as tried_at,
    {{ seconds_between("e.recorded_at", "n.tried_at") }} as delay_s
from {{ source("ledger", "alert_notification") }} as n
left join
    {{ ref("indicator_alert_event") }} as e
    on e.alert_id = n.alert_id
    and e.event = n.event
