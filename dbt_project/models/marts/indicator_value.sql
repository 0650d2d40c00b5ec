with
    summed as (
        select
            indicator_code,
            period_type,
            period_start,
            unit_id,
            case
                when count(denominator) = 0
                then sum(numerator)
                when sum(denominator) <> 0
                then sum(numerator) / sum(denominator)
            end as value,
            count(distinct measured_unit_id) as units_measured,
            max(_recorded_at) as recorded_at
        from {{ ref("measure") }}
        group by indicator_code, period_type, period_start, unit_id
    )

select
    s.indicator_code,
    s.period_type,
    s.period_start,
    s.unit_id,
    s.value,
    t.target,
    case
        when t.target is null or i.direction = 'neutral'
        then 'no_target'
        when i.direction = 'lower_is_better' and s.value <= t.target
        then 'met'
        when i.direction = 'higher_is_better' and s.value >= t.target
        then 'met'
        else 'missed'
    end as status,
    s.recorded_at,
    s.units_measured
from summed as s
inner join {{ ref("indicator") }} as i on i.indicator_code = s.indicator_code
left join
    {{ ref("indicator_target") }} as t
    on t.indicator_code = s.indicator_code
    and t.year = extract(year from s.period_start)
-- a rate over nothing is no value
where s.value is not null
