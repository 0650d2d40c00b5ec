select
    a.asset_code,
    a.asset_name,
    a.kind,
    a.state,
    a.managed_by,
    a.built_in,
    u.unit_id,
    a.commune_code,
    a.inspected_on,
    a.geometry,
    a._feed as feed,
    a._batch_id as batch_id,
    a._recorded_at as recorded_at
from {{ ref("infrastructure__asset") }} as a
left join
    {{ ref("dim_admin_unit") }} as u
    on u.code = a.commune_code
    and u.level = 'commune'
    and u.is_current
