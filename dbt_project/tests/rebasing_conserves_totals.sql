-- On another map there is neither more nor less of what adds up.
with
    own as (
        select
            v.indicator_code,
            v.version,
            v.period_type,
            v.period_start,
            sum(v.value) as total,
            sum(abs(v.value)) as size
        from {{ ref("indicator_value") }} as v
        inner join
            {{ ref("indicator_version") }} as i
            on i.indicator_code = v.indicator_code
            and i.version = v.version
        where i.is_additive and i.over_time = 'sum'
        group by v.indicator_code, v.version, v.period_type, v.period_start
    ),

    on_the_map_of_today as (
        select indicator_code, version, period_type, period_start, sum(value) as total
        from {{ ref("indicator_value_rebased") }}
        group by indicator_code, version, period_type, period_start
    )

select o.*, t.total as rebased
from own as o
left join
    on_the_map_of_today as t
    on t.indicator_code = o.indicator_code
    and t.version = o.version
    and t.period_type = o.period_type
    and t.period_start = o.period_start
where t.total is null or abs(t.total - o.total) > 0.000000001 * o.size
