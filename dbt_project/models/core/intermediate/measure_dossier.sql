with
    located as (
        select u.unit_id, d.*
        from {{ ref("public_services__procedure_dossier") }} as d
        inner join
            {{ ref("dim_admin_unit") }} as u
            on u.code = d.commune_code
            and u.level = 'commune'
            and u.is_current
    )

select
    'DOSSIERS_RECEIVED_MONTH' as indicator_code,
    'month' as period_type,
    cast(date_trunc('month', received_at) as date) as period_start,
    unit_id,
    1.0 as numerator,
    cast(null as double) as denominator,
    _feed,
    _batch_id,
    _recorded_at
from located
union all
select
    'DOSSIERS_ON_TIME_RATE',
    'month',
    cast(date_trunc('month', finished_at) as date),
    unit_id,
    case when finished_at <= due_at then 100.0 else 0.0 end,
    1.0,
    _feed,
    _batch_id,
    _recorded_at
from located
where finished_at is not null
