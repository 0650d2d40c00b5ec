with
    traced as (
        select distinct
            indicator_code,
            version,
            period_type,
            period_start,
            unit_id,
            _feed as feed,
            _batch_id as batch_id
        from {{ ref("measure_in_period") }}
    ),

    derived as (
        select distinct
            f.indicator_code,
            f.version,
            t.period_type,
            t.period_start,
            t.unit_id,
            t.feed,
            t.batch_id
        from {{ ref("indicator_formula") }} as f
        inner join
            traced as t on t.indicator_code = f.part_code and t.version = f.part_version
    )

select
    t.indicator_code,
    t.period_type,
    t.period_start,
    t.unit_id,
    v.recorded_at,
    t.feed,
    t.batch_id
from
    (
        select *
        from traced
        union all
        select *
        from derived
    ) as t
inner join
    {{ ref("indicator_value") }} as v
    on v.indicator_code = t.indicator_code
    and v.version = t.version
    and v.period_type = t.period_type
    and v.period_start = t.period_start
    and v.unit_id = t.unit_id
