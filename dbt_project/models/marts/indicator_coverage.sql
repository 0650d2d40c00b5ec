-- How many indicators each group of data has in each scenario, with how many of them
-- have values. Indicators of a thematic scenario count there too.
with
    shown as (
        select data_group, scenario, indicator_code
        from {{ ref("indicator") }}
        union
        select i.data_group, s.scenario, i.indicator_code
        from {{ ref("scenario_indicator") }} as c
        inner join {{ ref("scenario") }} as s on s.scenario_code = c.scenario_code
        inner join {{ ref("indicator") }} as i on i.indicator_code = c.indicator_code
    ),

    valued as (select distinct indicator_code from {{ ref("indicator_value") }})

select
    g.data_group,
    g.clause,
    g.name_vi,
    k.scenario,
    count(shown.indicator_code) as indicators,
    count(valued.indicator_code) as indicators_with_values
from {{ ref("data_group") }} as g
cross join (select distinct scenario from {{ ref("scenario") }}) as k
left join shown on shown.data_group = g.data_group and shown.scenario = k.scenario
left join valued on valued.indicator_code = shown.indicator_code
group by g.data_group, g.clause, g.name_vi, k.scenario
