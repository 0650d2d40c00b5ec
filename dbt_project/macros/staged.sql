{#
  The valid version of each row of a dataset, as its contract's load mode says:

  - append, upsert: the newest delivery of each key;
  - snapshot: the rows of each feed's newest full delivery, and for a key whose new row was refused
    the last good row, marked as carried forward. Corrections that came after it are laid over it;
    those before it count like older deliveries.

  Of two feeds that send the same key the profile's precedence decides, then the newest delivery.

  Columns, key and load mode come from the generated source, so they are written once: in the
  contract. Provenance columns begin with an underscore. A dataset that is published leaves out its
  personal columns.
#}
{% macro staged(name) %}
    {# what it reads, told while dbt parses #}
    {% do source("accepted", name) %}
    {% do source("ledger", "acceptance") %}
    {% do source("ledger", "delivery") %}
    {% do source("quarantine", "refusals") %}
    {% do source("catalog", "feed") %}
    {% if not execute %} select 1 as parsing
    {% else %}
        {% set node = graph.sources["source.ioc.accepted." ~ name] %}
        {% set facts = node.meta %}
        {% set shown = [] %}
        {% for column in node.columns.values() %}
            {% if not (facts.publish == "rows" and column.meta.personal) %}
                {% do shown.append(adapter.quote(column.name)) %}
            {% endif %}
        {% endfor %}
        with {{ candidate_versions(name) }}

        select
            {{ shown | join(", ") }},
            _feed,
            _batch_id,
            _file,
            _sheet,
            _row,
            _corrections,
            _recorded_at,
            {{ "is_older" if facts.load_mode == "snapshot" else "false" }}
            as _is_carried_forward
        from candidates
        qualify
            row_number() over (
                partition by {{ quoted(facts.key) | join(", ") }}
                order by
                    _precedence asc nulls last, delivery_seq desc, _feed asc, _row asc
            )
            = 1
    {% endif %}
{% endmacro %}

{#
  The versions of each row that may be valid, by the dataset's load mode: the CTEs that end in
  `candidates`. Several of one key, when several feeds or deliveries sent it.
#}
{% macro candidate_versions(name) %}
    {% set facts = graph.sources["source.ioc.accepted." ~ name].meta %}
    standing as (
        select
            a.batch_id,
            a.feed,
            a.delivery_seq,
            cast(a.accepted_at as timestamptz) as recorded_at,
            d.kind = 'correction' as is_correction
        from {{ source("ledger", "acceptance") }} as a
        inner join {{ source("ledger", "delivery") }} as d on d.seq = a.delivery_seq
        where a.dataset = '{{ facts.dataset }}' and a.superseded_at is null
    ),

    newest as (
        select feed, max(delivery_seq) as delivery_seq
        from standing
        where not is_correction
        group by feed
    ),

    versions as (
        select
            r.*,
            c.delivery_seq,
            c.recorded_at as _recorded_at,
            p.precedence as _precedence,
            coalesce(c.delivery_seq < n.delivery_seq, false) as is_older
        from {{ source("accepted", name) }} as r
        inner join standing as c on c.batch_id = r._batch_id and c.feed = r._feed
        left join newest as n on n.feed = c.feed
        left join {{ source("catalog", "feed") }} as p on p.feed = c.feed
    ),

    candidates as (
        select v.*
        from versions as v
        {% if facts.load_mode == "snapshot" %}
            where
                not v.is_older
                or v._key_hash in (
                    select f.key_hash
                    from {{ source("quarantine", "refusals") }} as f
                    inner join
                        standing as c on c.batch_id = f.batch_id and c.feed = f.feed
                    inner join
                        newest as n
                        on n.feed = c.feed
                        and n.delivery_seq = c.delivery_seq
                    where f.feed = v._feed
                )
        {% endif %}
    )
{% endmacro %}
