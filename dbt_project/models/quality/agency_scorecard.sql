-- What each agency is told of its own data: coverage, scores, what waits for it.
with
    scores as (
        select
            code as agency,
            max(scored_on) as scored_on,
            {% for dimension in ("correct", "complete", "clean", "live", "overall") %}
                max_by(score, scored_on) filter (
                    where dimension = '{{ dimension }}'
                ) as {{ dimension }}_score,
            {% endfor %}
            max_by(rating, scored_on) filter (where dimension = 'overall') as rating
        from {{ ref("scorecard") }}
        where level = 'agency'
        group by code
    ),
    feeds as (
        select
            agency,
            any_value(agency_name_vi) as agency_name_vi,
            count(*) filter (where is_required) as feeds_required,
            count(*) filter (where is_connected) as feeds_connected,
            count(*) filter (where is_live) as feeds_live,
            count(*) filter (where is_connected and is_automatic) as feeds_automatic,
            max(last_arrival_at) as last_arrival_at
        from {{ ref("coverage") }}
        group by agency
    ),
    refused as (
        select
            split_part(feed, '/', 1) as agency,
            count(
                distinct(batch_id, source_file, sheet, row_number, key_hash)
            ) as rows_refused_open
        from {{ ref("refused_row") }}
        where status = 'open'
        group by split_part(feed, '/', 1)
    ),
    deliveries as (
        select
            agency,
            count(*) as deliveries,
            count(*) filter (where arrived) as deliveries_good
        from {{ source("ledger", "delivery") }}
        where kind = 'fetch'
        group by agency
    )
select
    feeds.agency,
    feeds.agency_name_vi,
    feeds.feeds_required,
    feeds.feeds_connected,
    feeds.feeds_live,
    feeds.feeds_automatic,
    scores.scored_on,
    scores.correct_score,
    scores.complete_score,
    scores.clean_score,
    scores.live_score,
    scores.overall_score,
    scores.rating,
    coalesce(refused.rows_refused_open, 0) as rows_refused_open,
    coalesce(deliveries.deliveries, 0) as deliveries,
    coalesce(deliveries.deliveries_good, 0) as deliveries_good,
    feeds.last_arrival_at
from feeds
left join scores using (agency)
left join refused using (agency)
left join deliveries using (agency)
