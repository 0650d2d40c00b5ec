-- Scores of a day by feed, dataset, agency and for the province, with what they are
-- called. The last judgement of a day counts; a level is the mean of its feeds. An
-- identifier that is wrong leaves no green.
with
    of_day as (
        select feed, agency, dataset, scored_on, dimension, score
        from {{ ref("score") }}
        where score is not null
        qualify
            row_number() over (
                partition by feed, scored_on, dimension order by scored_at desc
            )
            = 1
    ),
    weighted as (
        select of_day.*, scoring.weight, scoring.green_from, scoring.amber_from
        from of_day
        join {{ source("catalog", "scoring") }} as scoring using (dimension)
    ),
    by_feed as (
        select feed, agency, dataset, scored_on, dimension, score
        from weighted
        union all
        select
            feed,
            agency,
            dataset,
            scored_on,
            'overall' as dimension,
            sum(score * weight) / sum(weight) as score
        from weighted
        group by feed, agency, dataset, scored_on
    ),
    -- A correction is judged by no clock, and says nothing of the whole. A key sent
    -- twice is wrong; a unit that is silent is not.
    judged as (
        select
            rule_result.feed,
            rule_result.judged_at,
            rule_result.judged_on as scored_on,
            bool_and(
                rule_result.passed = rule_result.evaluated
                or (
                    identifier.column_name is null
                    and rule_result.rule <> 'clean.key_unique'
                )
            ) as identifiers_whole
        from {{ ref("rule_result") }} as rule_result
        left join
            {{ source("catalog", "identifier_column") }} as identifier
            on identifier.dataset = rule_result.dataset
            and identifier.column_name = rule_result.column_name
            and (
                rule_result.dimension <> 'complete'
                or rule_result.rule = 'complete.required'
            )
        group by rule_result.feed, rule_result.judged_at, rule_result.judged_on
        having bool_or(rule_result.rule = 'live.on_time')
        qualify
            row_number() over (
                partition by rule_result.feed, rule_result.judged_on
                order by rule_result.judged_at desc
            )
            = 1
    ),
    with_identifiers as (
        select by_feed.*, coalesce(judged.identifiers_whole, true) as identifiers_whole
        from by_feed
        left join judged using (feed, scored_on)
    ),
    by_level as (
        select
            'feed' as level,
            feed as code,
            dimension,
            scored_on,
            score,
            identifiers_whole,
            1 as feeds
        from with_identifiers
        {% for level, code in (
            ("dataset", "dataset"),
            ("agency", "agency"),
            ("province", "'province'"),
        ) %}
            union all
            select
                '{{ level }}',
                {{ code }} as code,
                dimension,
                scored_on,
                avg(score),
                bool_and(identifiers_whole),
                count(*)
            from with_identifiers
            group by 2, dimension, scored_on
        {% endfor %}
    ),
    thresholds as (
        select min(green_from) as green_from, min(amber_from) as amber_from
        from {{ source("catalog", "scoring") }}
    )
select
    by_level.level,
    by_level.code,
    by_level.dimension,
    by_level.scored_on,
    by_level.score,
    case
        when by_level.score < thresholds.amber_from
        then 'red'
        when by_level.score >= thresholds.green_from and by_level.identifiers_whole
        then 'green'
        else 'amber'
    end as rating,
    by_level.identifiers_whole,
    by_level.feeds
from by_level
cross join thresholds
