-- Staff by one trait at a time, without the cells that would tell of a few persons.
{% set traits = {
    "sex": {"female": "female", "male": "headcount - female"},
    "qualification": {
        "postgraduate": "postgraduate",
        "university": "university",
        "college": "college",
        "below_college": "below_college",
    },
    "age": {
        "up_to_30": "up_to_30",
        "from_31_to_40": "from_31_to_40",
        "from_41_to_50": "from_41_to_50",
        "over_50": "over_50",
    },
} %}
with
    located as (
        select
            {{ half_year_start("s.period") }} as period_start,
            u.unit_id,
            u.province_unit_id,
            s.*
        from {{ ref("civil_service__staff_by_unit") }} as s
        left join
            {{ ref("dim_admin_unit") }} as u
            on u.code = s.commune_code
            and u.level = 'commune'
            and {{ half_year_start("s.period") }}
            between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
    ),

    organisations as (
        {% for trait, categories in traits.items() %}
            {% for category, counted in categories.items() %}
                select
                    period_start,
                    kind,
                    organisation_code,
                    '{{ trait }}' as breakdown,
                    '{{ category }}' as category,
                    {{ counted }} as headcount
                from located
                union all
            {% endfor %}
            select
                period_start, kind, organisation_code, '{{ trait }}', 'total', headcount
            from located {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    cells as (
        select *
        from organisations
        union all
        select period_start, kind, 'all', breakdown, category, sum(headcount)
        from organisations
        group by period_start, kind, breakdown, category
    ),

    shown as (
        {{ suppressed("cells", ["period_start", "kind"], "organisation_code", "headcount") }}
    ),

    named as (
        select
            period_start,
            organisation_code,
            any_value(organisation_name) as organisation_name,
            any_value(unit_id) as unit_id,
            max(_recorded_at) as recorded_at
        from located
        group by period_start, organisation_code
        union all
        select
            period_start,
            'all',
            'Toàn tỉnh',
            -- none where the communes of that time were of several provinces
            case
                when count(distinct province_unit_id) = 1 then min(province_unit_id)
            end,
            max(_recorded_at)
        from located
        group by period_start
    )

select
    s.period_start,
    s.organisation_code,
    n.organisation_name,
    n.unit_id,
    s.kind,
    case when s.category = 'total' then 'total' else s.breakdown end as breakdown,
    s.category,
    s.headcount,
    s.suppression,
    n.recorded_at
from shown as s
inner join
    named as n
    on n.period_start = s.period_start
    and n.organisation_code = s.organisation_code
-- a total stands with each trait; it is kept once
where s.category <> 'total' or s.breakdown = 'sex'
