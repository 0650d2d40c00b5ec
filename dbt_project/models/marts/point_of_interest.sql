select
    p.poi_code,
    p.poi_name,
    p.kind,
    u.unit_id,
    p.commune_code,
    p.surveyed_on,
    p.geometry,
    p._feed as feed,
    p._batch_id as batch_id,
    p._recorded_at as recorded_at
from {{ ref("map__point_of_interest") }} as p
left join
    {{ ref("dim_admin_unit") }} as u
    on u.code = p.commune_code
    and u.level = 'commune'
    and u.is_current
