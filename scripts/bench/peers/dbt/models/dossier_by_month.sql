select
    commune_code,
    cast(date_trunc('month', received_on) as date) as month,
    count(*) as dossiers,
    cast(sum(fee_vnd) as bigint) as fee_vnd,
    count(finished_on) as finished,
    avg(area_m2) as mean_area_m2
from {{ ref("stg_dossier") }}
group by all
