select
    indicator_code,
    name_vi,
    name_en,
    unit,
    direction,
    is_additive,
    data_group,
    scenario,
    owner_agency,
    version,
    supply,
    formula_vi,
    national_code,
    legal_basis
from {{ ref("indicator_version") }}
where valid_to is null
