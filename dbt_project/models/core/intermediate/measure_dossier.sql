-- A dossier counts for the unit that its commune's code meant in the month counted.
with
    events as (
        select
            'DOSSIERS_RECEIVED_MONTH' as indicator_code,
            cast(date_trunc('month', received_at) as date) as period_start,
            commune_code,
            1.0 as numerator,
            cast(null as double) as denominator,
            _feed,
            _batch_id,
            _recorded_at
        from {{ ref("public_services__procedure_dossier") }}
        union all
        select
            'DOSSIERS_ON_TIME_RATE',
            cast(date_trunc('month', finished_at) as date),
            commune_code,
            case when finished_at <= due_at then 100.0 else 0.0 end,
            1.0,
            _feed,
            _batch_id,
            _recorded_at
        from {{ ref("public_services__procedure_dossier") }}
        where finished_at is not null
    )

select
    e.indicator_code,
    'month' as period_type,
    e.period_start,
    u.unit_id,
    e.numerator,
    e.denominator,
    e._feed,
    e._batch_id,
    e._recorded_at
from events as e
inner join
    {{ ref("dim_admin_unit") }} as u
    on u.code = e.commune_code
    and u.level = 'commune'
    and e.period_start between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
