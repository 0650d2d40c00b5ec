-- The newest edition of each commune: where that was refused, the one before it.
with
    told as (
        select *, {{ quarter_start("edition") }} as edition_start
        from {{ ref("map__commune_boundary") }}
    )

select
    u.unit_id,
    b.commune_code,
    b.commune_name,
    b.edition_start,
    b.area_km2,
    b.geometry,
    b._feed as feed,
    b._batch_id as batch_id,
    b._recorded_at as recorded_at
from told as b
inner join
    {{ ref("dim_admin_unit") }} as u
    on u.code = b.commune_code
    and u.level = 'commune'
    and b.edition_start between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
qualify row_number() over (partition by u.unit_id order by b.edition_start desc) = 1
