-- Every alert there has been, as it stands: opened with a snapshot, perhaps closed with
-- a later one. At any time one at most is open for an indicator and unit.
with
    events as (select * from {{ ref("indicator_alert_event") }}),

    opened as (select * from events where event = 'opened'),

    as_it_stands as (
        select *
        from events
        where event <> 'closed'
        qualify event_no = max(event_no) over (partition by alert_id)
    ),

    closed as (select * from events where event = 'closed'),

    shown as (
        select i.indicator_code, s.scenario_code
        from {{ ref("indicator") }} as i
        inner join
            {{ ref("scenario") }} as s
            on s.scenario = i.scenario
            and s.scenario <> 'thematic'
        union
        select indicator_code, scenario_code
        from {{ ref("scenario_indicator") }}
    ),

    scenarios as (
        select
            indicator_code,
            {{ dbt.listagg("scenario_code", "', '", "order by scenario_code") }}
            as scenarios
        from shown
        group by indicator_code
    )

select
    o.alert_id,
    o.indicator_code,
    coalesce(i.name_vi, o.indicator_code) as name_vi,
    o.unit_id,
    coalesce(u.full_name, o.unit_id) as unit_name,
    u.level as unit_level,
    i.owner_agency,
    s.scenarios,
    case when c.alert_id is null then 'open' else 'closed' end as status,
    n.kind,
    n.kinds,
    n.severity,
    n.period_type,
    n.period_start,
    n.value,
    n.bound,
    i.unit,
    n.due_on,
    n.document,
    o.recorded_at as opened_at,
    o.snapshot_id as opened_in,
    n.recorded_at as changed_at,
    c.recorded_at as closed_at,
    c.snapshot_id as closed_in,
    c.reason as closed_reason,
    c.period_type as closed_period_type,
    c.period_start as closed_period_start,
    c.value as closed_value
from opened as o
inner join as_it_stands as n on n.alert_id = o.alert_id
left join closed as c on c.alert_id = o.alert_id
left join {{ ref("indicator") }} as i on i.indicator_code = o.indicator_code
left join {{ ref("dim_admin_unit") }} as u on u.unit_id = o.unit_id
left join scenarios as s on s.indicator_code = o.indicator_code
