-- Every version of every indicator by period and unit: measured ones summed, derived
-- ones from them by the formula that stands in `indicator_formula`.
{% set months = {"month": 1, "quarter": 3, "half": 6, "year": 12} %}
with
    summed as (
        select
            indicator_code,
            version,
            period_type,
            period_start,
            unit_id,
            sum(numerator) as numerator,
            case when count(denominator) > 0 then sum(denominator) end as denominator,
            count(denominator) > 0 as is_rate,
            count(distinct measured_unit_id) as units_measured,
            count(distinct base_start) as base_periods,
            -- of a stock: the oldest of what the units measured have newest
            min(base_start) as newest_of_all,
            any_value(base_type) as base_type,
            any_value(over_time) as over_time,
            bool_or(is_aggregated) as is_aggregated,
            max(_recorded_at) as recorded_at
        from {{ ref("measure_in_period") }}
        group by indicator_code, version, period_type, period_start, unit_id
    ),

    dated as (
        select
            *,
            case
                period_type
                {% for period_type, count in months.items() %}
                    when '{{ period_type }}'
                    then {{ months_after("period_start", count) }}
                {% endfor %}
            end as next_start
        from summed
    ),

    measured as (
        select
            s.indicator_code,
            s.version,
            s.period_type,
            s.period_start,
            s.unit_id,
            {{ quotient("s.numerator", "s.denominator", "s.is_rate") }} as value,
            case
                when s.over_time = 'sum'
                then
                    {{
                        quotient(
                            "sum(s.numerator) over year_so_far",
                            "sum(s.denominator) over year_so_far",
                            "s.is_rate",
                        )
                    }}
            end as cumulative_value,
            case
                when not s.is_aggregated
                then true
                when s.over_time = 'last'
                then
                    case
                        s.base_type
                        when 'day'
                        then s.newest_of_all = s.next_start - 1
                        when 'quarter'
                        then {{ months_after("s.newest_of_all", 3) }} = s.next_start
                        else {{ months_after("s.newest_of_all", 1) }} = s.next_start
                    end
                when s.base_type = 'day'
                then s.base_periods = s.next_start - s.period_start
                else
                    s.base_periods * case when s.base_type = 'quarter' then 3 else 1 end
                    = case
                        s.period_type
                        {% for period_type, count in months.items() %}
                            when '{{ period_type }}' then {{ count }}
                        {% endfor %}
                    end
            end as is_complete,
            s.recorded_at,
            s.units_measured
        from dated as s
        inner join
            {{ ref("indicator_catalogue") }} as i
            on i.indicator_code = s.indicator_code
            and i.version = s.version
        where i.min_base is null or s.denominator >= i.min_base
        window
            year_so_far as (
                partition by
                    s.indicator_code,
                    s.version,
                    s.period_type,
                    s.unit_id,
                    extract(year from s.period_start)
                order by s.period_start
            )
    ),

    derived as (
        select
            f.indicator_code,
            f.version,
            m.period_type,
            m.period_start,
            m.unit_id,
            {{
                quotient(
                    "sum(case when f.role = 'term' then " ~ exact("f.factor * m.value") ~ " end)",
                    "sum(case when f.role = 'divisor' then " ~ exact("f.factor * m.value") ~ " end)",
                    "count(*) filter (where f.role = 'divisor') > 0",
                )
            }}
            as value,
            cast(null as double) as cumulative_value,
            bool_and(m.is_complete) as is_complete,
            max(m.recorded_at) as recorded_at,
            min(m.units_measured) as units_measured
        from {{ ref("indicator_formula") }} as f
        inner join
            measured as m
            on m.indicator_code = f.part_code
            and m.version = f.part_version
        group by f.indicator_code, f.version, m.period_type, m.period_start, m.unit_id
        -- a sum that lacks one of its parts is no value
        having
            count(*) = (
                select count(*)
                from {{ ref("indicator_formula") }} as g
                where g.indicator_code = f.indicator_code and g.version = f.version
            )
    )

select *
from measured
-- a rate over nothing is no value
where value is not null
union all
select *
from derived
where value is not null
