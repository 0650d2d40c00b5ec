-- Indicators that agencies enter in a form, as the catalogue says who may.
{% set months = {
    "Q1": "01",
    "Q2": "04",
    "Q3": "07",
    "Q4": "10",
    "H1": "01",
    "H2": "07",
} %}
with
    entered as (
        select
            *,
            case
                when length(period) = 4
                then 'year'
                when period like '%-Q%'
                then 'quarter'
                when period like '%-H%'
                then 'half'
                else 'month'
            end as period_type,
            case
                when length(period) = 4
                then {{ month_start("(period || '-01')") }}
                {% for part, month in months.items() %}
                    when period like '%-{{ part }}'
                    then {{ month_start("(substr(period, 1, 4) || '-" ~ month ~ "')") }}
                {% endfor %}
                else {{ month_start("period") }}
            end as period_start
        from {{ ref("socio_economic__indicator_form") }}
    )

select
    e.indicator_code,
    i.version,
    e.period_type,
    e.period_start,
    u.unit_id,
    {{ exact("e.value") }} as numerator,
    cast(null as decimal(38, 6)) as denominator,
    e._feed,
    e._batch_id,
    e._recorded_at
from entered as e
inner join
    {{ ref("indicator_catalogue") }} as i
    on i.indicator_code = e.indicator_code
    and i.supply = 'by_hand'
    and e.period_start between i.valid_from and coalesce(i.valid_to, date '9999-12-31')
inner join
    {{ ref("dim_admin_unit") }} as u
    on u.code = e.unit_code
    and e.period_start between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
