select * exclude (name)
from {{ source("checked", "dossier") }}
qualify row_number() over (partition by code order by code) = 1
