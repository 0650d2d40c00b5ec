select
    'DISEASE_CASES_WEEK' as indicator_code,
    'week' as period_type,
    {{ iso_week_start("d.week") }} as period_start,
    u.unit_id,
    cast(d.cases as double) as numerator,
    cast(null as double) as denominator,
    d._feed,
    d._batch_id,
    d._recorded_at
from {{ ref("health__disease_weekly") }} as d
inner join
    {{ ref("dim_admin_unit") }} as u
    on u.code = d.commune_code
    and u.level = 'commune'
    and {{ iso_week_start("d.week") }}
    between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
