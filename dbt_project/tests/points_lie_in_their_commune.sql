-- A point that stands outside of the commune its agency names: one of the two is wrong.
{{ config(severity="warn") }}
select f.layer, f.feature_id, f.unit_id
from {{ ref("map_feature") }} as f
inner join
    {{ ref("map_edge") }} as e
    on e.layer = 'commune_boundary'
    and e.feature_id = f.unit_id
where f.geometry_type = 'Point'
group by f.layer, f.feature_id, f.unit_id
having count(*) filter ({{ is_crossed_by_ray("e", "f.west", "f.south") }}) % 2 = 0
