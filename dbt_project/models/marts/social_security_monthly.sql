-- Counts of persons, and amounts beside them, without what would give a few persons
-- away.
with
    located as (
        select
            {{ month_start("s.period") }} as period_start,
            u.province_unit_id as province_id,
            u.unit_id,
            s.*,
            r.residents
        from {{ ref("social_security__participation_monthly") }} as s
        inner join
            {{ ref("dim_admin_unit") }} as u
            on u.code = s.commune_code
            and u.level = 'commune'
            and {{ month_start("s.period") }}
            between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
        left join
            {{ ref("population__resident_by_commune") }} as r
            on r.period = s.period
            and r.commune_code = s.commune_code
    ),

    units as (
        select
            period_start,
            province_id,
            unit_id,
            insurance_kind,
            participants,
            beneficiaries,
            contributions_month_vnd,
            contributions_ytd_vnd,
            benefits_month_vnd,
            benefits_ytd_vnd,
            residents,
            _recorded_at as recorded_at
        from located
        union all
        select
            period_start,
            province_id,
            province_id as unit_id,
            insurance_kind,
            sum(participants),
            sum(beneficiaries),
            sum(contributions_month_vnd),
            sum(contributions_ytd_vnd),
            sum(benefits_month_vnd),
            sum(benefits_ytd_vnd),
            -- a share of some communes' residents would be too large
            case when count(residents) = count(*) then sum(residents) end,
            max(_recorded_at)
        from located
        group by period_start, province_id, insurance_kind
    ),

    heads as (
        {% for count in ["participants", "beneficiaries"] %}
            select
                period_start,
                province_id,
                unit_id,
                insurance_kind,
                '{{ count }}' as breakdown,
                'all' as category,
                {{ count }} as people
            from units {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    shown as (
        {{ suppressed("heads", ["period_start", "province_id", "insurance_kind"], "unit_id", "people") }}
    ),

    beside as (
        select
            u.*,
            p.people as shown_participants,
            p.suppression as participants_suppression,
            b.people as shown_beneficiaries,
            b.suppression as beneficiaries_suppression,
            extract(year from u.period_start) as year
        from units as u
        inner join
            shown as p
            on p.period_start = u.period_start
            and p.unit_id = u.unit_id
            and p.insurance_kind = u.insurance_kind
            and p.breakdown = 'participants'
        inner join
            shown as b
            on b.period_start = u.period_start
            and b.unit_id = u.unit_id
            and b.insurance_kind = u.insurance_kind
            and b.breakdown = 'beneficiaries'
    ),

    -- an amount of the year less that of the month before is the month's: once a
    -- month is
    -- hidden, so are the amounts of the year from then on
    of_the_year as (
        select
            *,
            {% for count in ["participants", "beneficiaries"] %}
                count({{ count }}_suppression) over (
                    partition by unit_id, insurance_kind, year order by period_start
                )
                > 0 as {{ count }}_were_hidden
                {{ "," if not loop.last }}
            {% endfor %}
        from beside
    )

select
    period_start,
    unit_id,
    insurance_kind,
    shown_participants as participants,
    participants_suppression,
    case
        when participants_suppression is null then contributions_month_vnd
    end as contributions_month_vnd,
    case
        when not participants_were_hidden then contributions_ytd_vnd
    end as contributions_ytd_vnd,
    case
        when residents > 0 then 100.0 * shown_participants / residents
    end as coverage_percent,
    shown_beneficiaries as beneficiaries,
    beneficiaries_suppression,
    case
        when beneficiaries_suppression is null then benefits_month_vnd
    end as benefits_month_vnd,
    case
        when not beneficiaries_were_hidden then benefits_ytd_vnd
    end as benefits_ytd_vnd,
    recorded_at
from of_the_year
