{#
  The edges of shapes: of `rows`, which have `keys` and `geometry` as GeoJSON text, one row per edge
  of each ring or line, with its number there. A point is an edge without length.
#}
{% macro edges_of_shapes(rows, keys) %}
    {{ return(adapter.dispatch("edges_of_shapes", "ioc")(rows, keys)) }}
{% endmacro %}

{% macro duckdb__edges_of_shapes(rows, keys) %}
    {% set keys = keys | join(", ") %}
    {% set positions = "json_extract(geometry, '$.coordinates')" %}
    with
        shapes as (
            select
                {{ keys }},
                case
                    json_extract_string(geometry, '$.type')
                    when 'Point'
                    then [[cast({{ positions }} as double[])]]
                    when 'LineString'
                    then [cast({{ positions }} as double[][])]
                    when 'MultiPolygon'
                    then flatten(cast({{ positions }} as double[][][][]))
                    else cast({{ positions }} as double[][][])
                end as lines
            from {{ rows }}
        ),

        lines as (
            select
                {{ keys }}, unnest(lines) as line, generate_subscripts(lines, 1) as part
            from shapes
        ),

        numbered as (
            select *, unnest(range(1, greatest(len(line), 2))) as nth from lines
        )

    select
        {{ keys }},
        part,
        nth,
        line[nth][1] as x1,
        line[nth][2] as y1,
        line[least(nth + 1, len(line))][1] as x2,
        line[least(nth + 1, len(line))][2] as y2
    from numbered
{% endmacro %}
