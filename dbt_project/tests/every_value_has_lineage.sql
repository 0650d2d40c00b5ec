-- Every published number can be traced (DESIGN, rule 8).
select v.indicator_code, v.period_start, v.unit_id
from {{ ref("indicator_value") }} as v
where
    not exists (
        select 1
        from {{ ref("indicator_lineage") }} as l
        where
            l.indicator_code = v.indicator_code
            and l.period_type = v.period_type
            and l.period_start = v.period_start
            and l.unit_id = v.unit_id
    )
