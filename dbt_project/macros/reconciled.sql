{#
  What the feeds of a dataset say of the same keys: of each pair of active feeds that the profile
  orders, or that share a key, the valid row of both, compared by key hash. Names of columns, never
  a value.
#}
{% macro reconciled(name) %}
    {% set node = graph.sources["source.ioc.accepted." ~ name] %}
    with
        {{ candidate_versions(name) }},

        told as (
            select *
            from candidates
            qualify
                row_number() over (
                    partition by _feed, _key_hash order by delivery_seq desc, _row asc
                )
                = 1
        ),

        decided as (
            select
                *,
                first_value(_feed) over (
                    partition by _key_hash
                    order by _precedence asc nulls last, delivery_seq desc, _feed asc
                ) as winner
            from told
        ),

        suppliers as (
            select
                feed,
                precedence,
                row_number() over (
                    order by precedence asc nulls last, feed asc
                ) as position
            from {{ source("catalog", "feed") }}
            where dataset = '{{ node.meta.dataset }}' and is_active
        ),

        shared as (
            select distinct a._feed as feed_a, b._feed as feed_b
            from decided as a
            inner join decided as b on b._key_hash = a._key_hash and b._feed <> a._feed
        ),

        pairs as (
            select a.feed as feed_a, b.feed as feed_b
            from suppliers as a
            inner join suppliers as b on b.position > a.position
            left join shared as s on s.feed_a = a.feed and s.feed_b = b.feed
            where
                s.feed_a is not null
                or (a.precedence is not null and b.precedence is not null)
        ),

        here as (
            select p.feed_a, p.feed_b, d.*
            from pairs as p
            inner join decided as d on d._feed = p.feed_a
        ),

        there as (
            select p.feed_a, p.feed_b, d.*
            from pairs as p
            inner join decided as d on d._feed = p.feed_b
        ),

        compared as (
            select
                coalesce(here._key_hash, there._key_hash) as key_hash,
                coalesce(here.feed_a, there.feed_a) as feed_a,
                coalesce(here.feed_b, there.feed_b) as feed_b,
                here._batch_id as batch_a,
                there._batch_id as batch_b,
                coalesce(here.winner, there.winner) as winner,
                concat_ws(
                    ', '
                    {% for column in node.columns.values() %}
                        {% set cell = adapter.quote(column.name) %},
                        case
                            when here.{{ cell }} is distinct from there.{{ cell }}
                            then '{{ column.name }}'
                        end
                    {% endfor %}
                ) as differing
            from here
            full outer join
                there
                on there._key_hash = here._key_hash
                and there.feed_a = here.feed_a
                and there.feed_b = here.feed_b
        )

    select
        '{{ node.meta.dataset }}' as dataset,
        key_hash,
        case
            when batch_b is null
            then 'only_here'
            when batch_a is null
            then 'only_there'
            when differing = ''
            then 'matched'
            else 'conflicting'
        end as status,
        feed_a,
        feed_b,
        case
            when batch_a is not null and batch_b is not null then nullif(differing, '')
        end as columns_differing,
        batch_a,
        batch_b,
        winner
    from compared
{% endmacro %}

{# The above of every dataset that has two or more active feeds; which those are, the catalog says. #}
{% macro reconciliation() %}
    {% do source("ledger", "acceptance") %}
    {% do source("ledger", "delivery") %}
    {% do source("quarantine", "refusals") %}
    {% set feeds = source("catalog", "feed") %}
    {% if not execute %} select 1 as parsing
    {% else %}
        {% set several = run_query(
            "select dataset from "
            ~ feeds
            ~ " where is_active group by dataset having count(*) > 1"
        ).columns[0].values() %}
        {% for node in graph.sources.values() | sort(attribute="name") if node.source_name
        == "accepted" and node.meta.dataset in several %}
            select *
            from ({{ reconciled(node.name) }})
            union all
        {% endfor %}
        select
            cast(null as varchar) as dataset,
            cast(null as varchar) as key_hash,
            cast(null as varchar) as status,
            cast(null as varchar) as feed_a,
            cast(null as varchar) as feed_b,
            cast(null as varchar) as columns_differing,
            cast(null as varchar) as batch_a,
            cast(null as varchar) as batch_b,
            cast(null as varchar) as winner
        where false
    {% endif %}
{% endmacro %}
