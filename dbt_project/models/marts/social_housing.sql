-- Counts are from the start of a project: what a quarter added is the difference.
with
    told as (
        select *, {{ quarter_start("period") }} as period_start
        from {{ ref("housing__social_housing") }}
    )

select
    h.period_start,
    h.project_code,
    h.project_name,
    h.developer,
    u.unit_id,
    h.commune_code,
    h.status,
    h.land_area_m2,
    h.floor_area_m2,
    h.units_planned,
    h.units_started,
    h.units_finished,
    h.units_finished - lag(h.units_finished) over (
        partition by h.project_code order by h.period_start
    ) as units_finished_since,
    h.units_sold,
    h.units_let,
    h.price_vnd_per_m2,
    h._feed as feed,
    h._batch_id as batch_id,
    h._recorded_at as recorded_at
from told as h
left join
    {{ ref("dim_admin_unit") }} as u
    on u.code = h.commune_code
    and u.level = 'commune'
    and h.period_start between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
