select
    indicator_code,
    name_vi,
    name_en,
    unit,
    direction,
    is_additive,
    data_group,
    scenario,
    owner_agency
from {{ ref("indicator_catalogue") }}
