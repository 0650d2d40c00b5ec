{{ config(post_hook="{{ map_questions(this.database ~ '.' ~ this.schema) }}") }}
-- depends_on: {{ ref('dim_admin_unit') }}
with
    box as (
        select
            layer,
            feature_id,
            min(least(x1, x2)) as west,
            min(least(y1, y2)) as south,
            max(greatest(x1, x2)) as east,
            max(greatest(y1, y2)) as north
        from {{ ref("map_edge") }}
        group by layer, feature_id
    )

select
    s.layer,
    s.feature_id,
    s.kind,
    s.name,
    s.state,
    s.unit_id,
    {{ json_text("s.geometry", "type") }} as geometry_type,
    b.west,
    b.south,
    b.east,
    b.north,
    s.geometry,
    s.feed,
    s.batch_id,
    s.recorded_at
from {{ ref("map_shape") }} as s
inner join box as b using (layer, feature_id)
