-- How reliable each job is. What a person cancelled says nothing of that.
with
    judged as (
        select
            *,
            {{ days_between(local_day("started_at"), build_day()) }} < 30 as is_recent,
            status = 'succeeded' as has_succeeded
        from {{ ref("run") }}
        where status <> 'canceled'
    )
select
    job,
    count(*) filter (where is_recent) as runs,
    count(*) filter (where is_recent and has_succeeded) as succeeded,
    100.0
    * count(*) filter (where is_recent and has_succeeded)
    / nullif(count(*) filter (where is_recent), 0) as success_percent,
    percentile_cont(0.5) within group (order by duration_s) filter (
        where is_recent and has_succeeded
    ) as median_duration_s,
    percentile_cont(0.95) within group (order by duration_s) filter (
        where is_recent and has_succeeded
    ) as p95_duration_s,
    max(ended_at) filter (where has_succeeded) as last_succeeded_at,
    max(ended_at) filter (where status = 'failed') as last_failed_at
from judged
group by job
