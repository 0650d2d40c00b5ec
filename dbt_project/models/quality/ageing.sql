-- How old what is open is, against the profile's deadlines: refused rows that wait for
-- an agency, by dataset and class of age. A row is one, however many rules it breaks.
with
    feeds as (
        select feed, any_value(agency) as agency, any_value(dataset) as dataset
        from {{ ref("delivery") }}
        group by feed
    ),
    names as (
        select agency, any_value(agency_name_vi) as agency_name_vi
        from {{ source("catalog", "feed") }}
        group by agency
    )
select
    feeds.agency,
    names.agency_name_vi,
    feeds.dataset,
    refused_case.age_class,
    count(*) as open_rows,
    count(*) filter (where refused_case.is_overdue) as overdue_rows,
    min(refused_case.first_refused_at) as oldest_refused_at,
    min(refused_case.due_at) as first_due_at
from {{ source("ledger", "refused_case") }} as refused_case
join feeds using (feed)
left join names using (agency)
where refused_case.status = 'open'
group by feeds.agency, names.agency_name_vi, feeds.dataset, refused_case.age_class
