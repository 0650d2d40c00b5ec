{#
  Questions about the map, kept in the published file beside the tables: what lies at a point,
  within a radius, in an area, in a unit (H39). Plain SQL on `map_feature` and `map_edge`: no
  extension is needed, and they work the same where the file is attached as `ioc`.
#}
{% macro map_questions(schema) %}
    {% set features, edges = schema ~ ".map_feature", schema ~ ".map_edge" %}
    {% set earth_m = 6371008.8 %}

    create or replace macro {{ schema }}.distance_m(
        from_lon, from_lat, to_lon, to_lat
    ) as
        2
        * {{ earth_m }}
        * asin(
            sqrt(
                least(
                    1,
                    sin(radians(to_lat - from_lat) / 2) ** 2
                    + cos(radians(from_lat))
                    * cos(radians(to_lat))
                    * sin(radians(to_lon - from_lon) / 2) ** 2
                )
            )
        )
    ;

    create or replace macro {{ schema }}.features_at(lon, lat) as table (
        with
            around as (
                select layer, feature_id
                from {{ features }} as f
                inner join {{ edges }} as e using (layer, feature_id)
                where
                    f.geometry_type in ('Polygon', 'MultiPolygon')
                    and lon between f.west and f.east
                    and lat between f.south and f.north
                    and {{ is_crossed_by_ray("e", "lon", "lat") }}
                group by layer, feature_id
                having count(*) % 2 = 1
            )
        select f.*
        from {{ features }} as f
        semi join around using (layer, feature_id)
        order by layer, feature_id
    )
    ;

    {#
      The nearest position of a feature is sought in a plane about the place, in which a degree east
      is as short as it is there; the distance to it is that on the sphere.
    #}
    create or replace macro {{ schema }}.features_within_radius(lon, lat, metres) as table (
        with
            reach as (
                select
                    degrees(metres / {{ earth_m }}) as degrees_north,
                    degrees(
                        asin(
                            least(1, sin(metres / {{ earth_m }}) / cos(radians(lat)))
                        )
                    ) as degrees_east
            ),
            near as (
                select f.layer, f.feature_id
                from {{ features }} as f, reach as r
                where
                    f.west <= lon + r.degrees_east
                    and f.east >= lon - r.degrees_east
                    and f.south <= lat + r.degrees_north
                    and f.north >= lat - r.degrees_north
            ),
            along as (
                select
                    e.*,
                    (e.x2 - e.x1) * cos(radians(lat)) as dx,
                    e.y2 - e.y1 as dy,
                    (lon - e.x1) * cos(radians(lat)) * dx + (lat - e.y1) * dy as gone,
                    dx * dx + dy * dy as whole
                from near
                inner join {{ edges }} as e using (layer, feature_id)
            ),
            nearest as (
                select
                    layer,
                    feature_id,
                    x1 + share * (x2 - x1) as x,
                    y1 + share * (y2 - y1) as y,
                    ((x - lon) * cos(radians(lat))) ** 2 + (y - lat) ** 2 as apart
                from
                    (
                        select
                            *,
                            case
                                when whole > 0
                                then greatest(0, least(1, gone / whole))
                                else 0
                            end as share
                        from along
                    )
            ),
            measured as (
                select
                    layer,
                    feature_id,
                    arg_min({{ schema }}.distance_m(lon, lat, x, y), apart) as to_edge_m
                from nearest
                group by layer, feature_id
            ),
            inside as (
                select layer, feature_id, true as is_inside
                from {{ schema }}.features_at(lon, lat)
            )
        select f.*, case when i.is_inside then 0 else m.to_edge_m end as distance_m
        from {{ features }} as f
        inner join measured as m using (layer, feature_id)
        left join inside as i using (layer, feature_id)
        where i.is_inside or m.to_edge_m <= metres
        order by distance_m, layer, feature_id
    )
    ;

    create or replace macro {{ schema }}.features_within_area(area) as table (
        with
            area as (
    {{ edges_of_shapes("(select 1 as area_id, area as geometry)", ["area_id"]) }}
            ),
    {{ touching(features, edges) }}
        select f.*
        from {{ features }} as f
        semi join touched using (layer, feature_id)
        order by layer, feature_id
    )
    ;

    create or replace macro {{ schema }}.features_within_unit(unit) as table (
        with
            area as (
                select feature_id as area_id, part, nth, x1, y1, x2, y2
                from {{ edges }}
                where
                    layer = 'commune_boundary'
                    and feature_id in (
                        select unit_id
                        from {{ ref("dim_admin_unit") }}
                        where unit_id = unit or parent_unit_id = unit
                    )
            ),
    {{ touching(features, edges) }}
        select f.*
        from {{ features }} as f
        semi join touched using (layer, feature_id)
        where f.layer <> 'commune_boundary'
        order by layer, feature_id
    )
    ;
{% endmacro %}

{#
  Whether a ray to the east from a position crosses an edge: an odd number of times from within.
  A position on the edge of two areas is in one of them.
#}
{% macro is_crossed_by_ray(edge, x, y) %}
    ({{ edge }}.y1 > {{ y }}) <> ({{ edge }}.y2 > {{ y }})
    and {{ x }}
    < ({{ edge }}.x2 - {{ edge }}.x1)
    * ({{ y }} - {{ edge }}.y1)
    / ({{ edge }}.y2 - {{ edge }}.y1)
    + {{ edge }}.x1
{% endmacro %}

{#
  The CTEs that end in `touched`: features that share a position with one of the areas, whose edges
  are in `area` (`area_id, part, nth, x1, y1, x2, y2`). Where no edges meet, a part of one lies
  within the other as a whole, so that its first position tells. Edges are set against each other
  last: it takes longest, and most things begin within the area.
#}
{% macro touching(features, edges) %}
    box as (
        select
            area_id,
            min(least(x1, x2)) as west,
            min(least(y1, y2)) as south,
            max(greatest(x1, x2)) as east,
            max(greatest(y1, y2)) as north
        from area
        group by area_id
    ),
    near as (
        select b.area_id, f.layer, f.feature_id, f.geometry_type
        from {{ features }} as f
        inner join
            box as b
            on f.west <= b.east
            and f.east >= b.west
            and f.south <= b.north
            and f.north >= b.south
    ),
    edge as (
        select n.area_id, n.geometry_type, e.*
        from near as n
        inner join {{ edges }} as e using (layer, feature_id)
    ),
    within_area as (
        select e.layer, e.feature_id
        from edge as e
        inner join
            area as a
            on a.area_id = e.area_id
            and {{ is_crossed_by_ray("a", "e.x1", "e.y1") }}
        where e.nth = 1
        group by e.area_id, e.layer, e.feature_id, e.part
        having count(*) % 2 = 1
    ),
    meeting as (
        select e.layer, e.feature_id
        from edge as e
        anti join within_area as w using (layer, feature_id)
        inner join
            area as a
            on a.area_id = e.area_id
            and least(a.x1, a.x2) <= greatest(e.x1, e.x2)
            and greatest(a.x1, a.x2) >= least(e.x1, e.x2)
            and least(a.y1, a.y2) <= greatest(e.y1, e.y2)
            and greatest(a.y1, a.y2) >= least(e.y1, e.y2)
            and {{ side_of("a", "e.x1", "e.y1") }} * {{ side_of("a", "e.x2", "e.y2") }}
            <= 0
            and {{ side_of("e", "a.x1", "a.y1") }} * {{ side_of("e", "a.x2", "a.y2") }}
            <= 0
    ),
    around_area as (
        select e.layer, e.feature_id
        from edge as e
        inner join
            area as a
            on a.area_id = e.area_id
            and {{ is_crossed_by_ray("e", "a.x1", "a.y1") }}
        where a.nth = 1 and e.geometry_type in ('Polygon', 'MultiPolygon')
        group by e.area_id, e.layer, e.feature_id, a.part
        having count(*) % 2 = 1
    ),
    touched as (
        select layer, feature_id
        from meeting
        union
        select layer, feature_id
        from within_area
        union
        select layer, feature_id
        from around_area
    )
{% endmacro %}

{# On which side of an edge a position lies: 1, -1, or 0 on its line. #}
{% macro side_of(edge, x, y) %}
    sign(
        ({{ edge }}.x2 - {{ edge }}.x1) * ({{ y }} - {{ edge }}.y1)
        - ({{ edge }}.y2 - {{ edge }}.y1) * ({{ x }} - {{ edge }}.x1)
    )
{% endmacro %}
