-- What is on the map, of whatever layer; a layer is the mart that has its other
-- columns.
select
    'commune_boundary' as layer,
    unit_id as feature_id,
    'commune' as kind,
    commune_name as name,
    cast(null as varchar) as state,
    unit_id,
    geometry,
    feed,
    batch_id,
    recorded_at
from {{ ref("commune_boundary") }}
union all
select
    'point_of_interest',
    poi_code,
    kind,
    poi_name,
    null,
    unit_id,
    geometry,
    feed,
    batch_id,
    recorded_at
from {{ ref("point_of_interest") }}
union all
select
    'infrastructure_asset',
    asset_code,
    kind,
    asset_name,
    state,
    unit_id,
    geometry,
    feed,
    batch_id,
    recorded_at
from {{ ref("infrastructure_asset") }}
