with
    in_force as (
        select s.*, i.direction, i.over_time
        from {{ ref("indicator_series") }} as s
        inner join
            {{ ref("indicator_version") }} as i
            on i.indicator_code = s.indicator_code
            and i.version = s.version
            and s.period_start
            between i.valid_from and coalesce(i.valid_to, date '9999-12-31')
    ),

    with_target as (
        select
            s.*,
            t.target,
            t.decision as target_decision,
            t.kind as target_kind,
            case
                when t.target is null or s.direction = 'neutral'
                then null
                when s.direction = 'lower_is_better'
                then s.value <= t.target
                else s.value >= t.target
            end as is_reached
        from in_force as s
        inner join {{ ref("dim_admin_unit") }} as u on u.unit_id = s.unit_id
        left join
            {{ ref("indicator_target") }} as t
            on t.indicator_code = s.indicator_code
            and t.year = extract(year from s.period_start)
            and (t.unit_code = u.code or t.unit_code is null)
            -- what is to be reached by the end of a year is no measure of a month
            and (t.kind = 'each_period' or s.period_type = 'year')
        -- a target of one unit goes before that of all
        qualify
            row_number() over (
                partition by
                    s.indicator_code,
                    s.version,
                    s.period_type,
                    s.period_start,
                    s.unit_id
                order by t.unit_code nulls last
            )
            = 1
    )

select
    v.indicator_code,
    v.period_type,
    v.period_start,
    v.unit_id,
    v.value,
    v.target,
    case
        when v.is_reached is null
        then 'no_target'
        when v.target_kind = 'each_period' or v.is_complete
        then case when v.is_reached then 'met' else 'missed' end
        -- before the year is over: what may still grow, or has grown too far already
        when v.direction = 'higher_is_better' and v.is_reached
        then 'met'
        when v.direction = 'lower_is_better' and not v.is_reached
        then 'missed'
        else 'not_due'
    end as status,
    v.recorded_at,
    v.units_measured,
    v.version,
    v.is_complete,
    v.cumulative_value,
    b.value as same_period_value,
    case
        when b.value > 0 then 100.0 * (v.value - b.value) / b.value
    end as same_period_change_percent,
    case when v.target > 0 then 100.0 * v.value / v.target end as target_percent,
    v.target_decision,
    v.target_kind
from with_target as v
left join
    {{ ref("indicator_series") }} as b
    on b.indicator_code = v.indicator_code
    and b.version = v.version
    and b.period_type = v.period_type
    and b.unit_id = v.unit_id
    and {{ months_after("b.period_start", 12) }} = v.period_start
    -- a quarter that lacks a month is not compared with a whole one
    and (v.over_time = 'last' or (v.is_complete and b.is_complete))
