-- Residents by one trait at a time, without the cells that would tell of a few persons.
{% set traits = {
    "sex": {"male": "male", "female": "female"},
    "age": {
        "under_15": "under_15",
        "from_15_to_59": "residents - under_15 - over_60",
        "over_60": "over_60",
    },
    "ethnic_group": {
        "kinh": "residents - ethnic_tay - ethnic_muong - ethnic_thai - ethnic_other",
        "tay": "ethnic_tay",
        "muong": "ethnic_muong",
        "thai": "ethnic_thai",
        "other": "ethnic_other",
    },
    "religion": {
        "none": "residents - buddhist - catholic - protestant - other_religion",
        "buddhist": "buddhist",
        "catholic": "catholic",
        "protestant": "protestant",
        "other": "other_religion",
    },
    "id_card": {"with_card": "id_cards", "without_card": "residents - id_cards"},
} %}
with
    located as (
        select
            {{ month_start("r.period") }} as period_start,
            u.province_unit_id as province_id,
            u.unit_id,
            r.*
        from {{ ref("population__resident_by_commune") }} as r
        inner join
            {{ ref("dim_admin_unit") }} as u
            on u.code = r.commune_code
            and u.level = 'commune'
            and {{ month_start("r.period") }}
            between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
    ),

    communes as (
        {% for trait, categories in traits.items() %}
            {% for category, counted in categories.items() %}
                select
                    period_start,
                    province_id,
                    unit_id,
                    '{{ trait }}' as breakdown,
                    '{{ category }}' as category,
                    {{ counted }} as people
                from located
                union all
            {% endfor %}
            select period_start, province_id, unit_id, '{{ trait }}', 'total', residents
            from located
            union all
        {% endfor %}
        -- events of the month are no part of the residents
        select period_start, province_id, unit_id, 'births', 'births', births
        from located
        union all
        select period_start, province_id, unit_id, 'deaths', 'deaths', deaths
        from located
    ),

    cells as (
        select *
        from communes
        union all
        select period_start, province_id, province_id, breakdown, category, sum(people)
        from communes
        group by period_start, province_id, breakdown, category
    ),

    shown as (
        {{ suppressed("cells", ["period_start", "province_id"], "unit_id", "people") }}
    ),

    recorded as (
        select period_start, unit_id, max(_recorded_at) as recorded_at
        from located
        group by period_start, unit_id
        union all
        select period_start, province_id, max(_recorded_at)
        from located
        group by period_start, province_id
    )

select
    s.period_start,
    s.province_id,
    s.unit_id,
    case when s.category = 'total' then 'total' else s.breakdown end as breakdown,
    s.category,
    s.people,
    s.suppression,
    r.recorded_at
from shown as s
inner join recorded as r on r.period_start = s.period_start and r.unit_id = s.unit_id
-- a total stands with each trait; it is kept once
where s.category <> 'total' or s.breakdown = 'sex'
