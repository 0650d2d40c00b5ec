"""Questions to the logs of the IOC: updating, quality, lateness, refusals, use (H61, A08, B25).

Each is asked with ``$first`` and ``$last``, the days of the period; days are days in Viet Nam.
What has no history is as it stands in the snapshot, and the text says so.
"""

_DAY = "cast(timezone('Asia/Ho_Chi_Minh', {}) as date)"
_IN_PERIOD = f"{_DAY} between cast($first as date) and cast($last as date)"
_NOTHING = "(cast($first as date) is null or cast($last as date) is null)"

LOGS = {
    # every feed with what it did in the period
    "deliveries": f"""
select c.agency_name_vi, count(distinct c.feed) as feeds, count(d.delivery_id) as deliveries,
       count(d.delivery_id) filter (
           d.outcome in ('accepted', 'partly_accepted', 'seen_before', 'no_news')
       ) as good,
       coalesce(sum(b.rows_received), 0) as rows_received,
       coalesce(sum(b.rows_accepted), 0) as rows_accepted,
       coalesce(sum(b.rows_quarantined), 0) as rows_refused,
       coalesce(sum(b.rows_duplicate), 0) as rows_duplicate
from quality.coverage as c
left join quality.delivery as d
  on d.feed = c.feed and {_IN_PERIOD.format("d.started_at")}
left join (
    select batch_id, feed, rows_received, rows_accepted, rows_quarantined, rows_duplicate
    from quality.batch where {_IN_PERIOD.format("judged_at")}
) as b on b.batch_id = d.batch_id and b.feed = d.feed and d.outcome != 'seen_before'
where c.status = 'active'
group by c.agency_name_vi
order by c.agency_name_vi
""",
    "failures": f"""
select coalesce(fault, 'unknown') as fault, count(*) as deliveries
from quality.delivery
where {_IN_PERIOD.format("started_at")}
  and outcome not in ('accepted', 'partly_accepted', 'seen_before', 'no_news')
group by all order by all
""",
    # of each agency its newest scores of the period
    "scores": """
select a.agency_name_vi, s.dimension, s.score, s.rating, s.scored_on
from quality.scorecard as s
join (select distinct agency, agency_name_vi from quality.coverage) as a on a.agency = s.code
where s.level = 'agency' and s.scored_on between cast($first as date) and cast($last as date)
qualify row_number() over (
    partition by s.code, s.dimension order by s.scored_on desc
) = 1
order by a.agency_name_vi, s.dimension
""",
    "province_scores": """
select s.dimension, s.score, s.rating, s.scored_on
from quality.scorecard as s
where s.level = 'province' and s.scored_on between cast($first as date) and cast($last as date)
qualify row_number() over (partition by s.dimension order by s.scored_on desc) = 1
order by s.dimension
""",
    "refusals": f"""
select c.agency_name_vi, c.title_vi, count(distinct r.ticket) as refused,
       count(distinct r.ticket) filter (r.status = 'open') as open_rows,
       count(distinct r.ticket) filter (r.status != 'open') as closed_rows,
       count(distinct r.ticket) filter (r.is_overdue) as overdue_rows
from quality.refused_row as r
join quality.coverage as c on c.feed = r.feed
where {_DAY.format("r.first_refused_at")} <= cast($last as date)
  and (r.closed_at is null or {_DAY.format("r.closed_at")} >= cast($first as date))
group by all
order by refused desc, c.agency_name_vi, c.title_vi
""",
    "refused_why": f"""
select r.message_vi, c.agency_name_vi, count(*) as refused
from quality.refused_row as r
join quality.coverage as c on c.feed = r.feed
where {_DAY.format("r.first_refused_at")} between cast($first as date) and cast($last as date)
group by all
order by refused desc, r.message_vi, c.agency_name_vi
limit 5
""",
    "breaches": f"""
select c.agency_name_vi, c.title_vi, b.promise, b.found_at
from quality.breach as b
join quality.coverage as c on c.feed = b.feed
where {_DAY.format("b.found_at")} >= cast($first as date) and not {_NOTHING}
order by c.agency_name_vi, c.title_vi, b.promise
""",
    "timeliness": f"""
select a.agency_name_vi, count(*) as deliveries,
       median(t.event_to_arrival_s) / 86400.0 as event_to_arrival_d,
       median(t.arrival_to_publication_s) / 3600.0 as arrival_to_publication_h
from quality.timeliness as t
join (select distinct agency, agency_name_vi from quality.coverage) as a on a.agency = t.agency
where {_IN_PERIOD.format("t.arrived_at")}
group by a.agency_name_vi
order by a.agency_name_vi
""",
    "coverage": f"""
select agency, agency_name_vi, dataset, title_vi, status, is_required, is_connected, is_live,
       channel, is_automatic, cadence
from quality.coverage
where not {_NOTHING}
order by agency_name_vi, title_vi, feed
""",
    "agencies": f"""
select a.*, coalesce(o.overdue_rows, 0) as rows_overdue,
       coalesce(s.unsigned, 0) as months_unsigned,
       coalesce(b.breaches, 0) as breaches
from quality.agency_scorecard as a
left join (
    select agency, sum(overdue_rows) as overdue_rows from quality.ageing group by agency
) as o using (agency)
left join (
    select agency, count(*) as unsigned from quality.sign_off
    where signed_at is null and due_on <= cast($last as date) group by agency
) as s using (agency)
left join (
    select c.agency, count(*) as breaches
    from quality.breach as b join quality.coverage as c using (feed) group by c.agency
) as b using (agency)
where not {_NOTHING}
order by a.agency_name_vi
""",
    "sign_offs": """
select a.agency_name_vi, s.month, s.status, s.due_on, s.signed_at
from quality.sign_off as s
join (select distinct agency, agency_name_vi from quality.coverage) as a on a.agency = s.agency
where s.month between strftime(cast($first as date), '%Y-%m')
                  and strftime(cast($last as date), '%Y-%m')
order by s.month, a.agency_name_vi
""",
    "rounds": f"""
select r.reason, count(*) as feeds, count(r.delivered_at) as delivered,
       count(*) filter (r.is_on_time) as on_time, min(r.opened_at) as opened_at,
       min(r.deadline) as deadline
from quality.collection_round as r
where {_IN_PERIOD.format("r.opened_at")}
group by r.round_id, r.reason
order by opened_at, r.reason
""",
    "alerts": f"""
select name_vi, unit_name, unit_level, owner_agency, status, kind, severity, period_type,
       period_start, value, bound, unit, due_on, document, opened_at, closed_at, closed_reason
from marts.indicator_alert
where {_DAY.format("opened_at")} <= cast($last as date)
  and (closed_at is null or {_DAY.format("closed_at")} >= cast($first as date))
order by severity, unit_level desc, name_vi, unit_name
""",
    "alerts_now": f"""
select name_vi, unit_name, unit_level, owner_agency, status, kind, severity, period_type,
       period_start, value, bound, unit, due_on, document, indicator_code, unit_id
from marts.indicator_alert
where status = 'open' and period_start <= cast($last as date) and not {_NOTHING}
order by severity, unit_level desc, name_vi, unit_name
""",
    "told": f"""
select count(*) filter (is_told) as told, count(*) filter (not is_told) as failed
from quality.alert_notification
where {_IN_PERIOD.format("tried_at")}
""",
    "complaints": f"""
select count(*) as complaints, count(answered_at) as answered,
       count(*) filter (answered_at <= due_at) as on_time
from quality.complaint
where {_IN_PERIOD.format("opened_at")}
""",
    "approvals": f"""
select decision, count(*) as decisions
from quality.approval
where {_IN_PERIOD.format("decided_at")}
group by decision order by decision
""",
    "snapshots": f"""
select count(*) as snapshots, min(built_at) as first_built, max(built_at) as last_built
from quality.snapshot
where {_IN_PERIOD.format("built_at")}
""",
    "published": f"""
select schema_name as layer, count(*) as tables
from duckdb_tables()
where schema_name in ('staging', 'core', 'marts') and not {_NOTHING}
group by schema_name order by schema_name
""",
    "catalogue": f"""
select count(*) as indicators,
       count(*) filter (supply = 'automatic') as automatic,
       count(*) filter (supply = 'derived') as derived,
       count(*) filter (supply = 'by_hand') as by_hand
from marts.indicator
where not {_NOTHING}
""",
    "contracts": f"""
select b.feed, b.dataset, c.title_vi, max(b.contract_version) as contract_version
from quality.batch as b
join quality.coverage as c on c.feed = b.feed
where not {_NOTHING}
group by all order by b.feed
""",
    "batches": f"""
select distinct dataset, feed, batch_id
from quality.batch
where status in ('accepted', 'partly_accepted') and not {_NOTHING}
order by dataset, feed, batch_id
""",
}

# tables that snapshots of an earlier version of the project do not have, and what is then told
YOUNGER = {
    "reports": (
        "quality.report",
        f"""
select count(*) as reports from quality.report
where {_IN_PERIOD.format("issued_at")}
""",
        "select 0 as reports",
    )
}

# sector marts that hold more than indicators, asked with ``$last`` and ``$province``: the newest
# period that began by then
SECTORS = {
    "social_housing": """
select period_start, status, count(*) as projects, sum(units_planned) as units_planned,
       sum(units_started) as units_started, sum(units_finished) as units_finished
from marts.social_housing
where $province is not null and period_start = (
    select max(period_start) from marts.social_housing where period_start <= $last
)
group by period_start, status order by status
""",
    "social_security": """
select period_start, insurance_kind, participants, participants_suppression,
       contributions_month_vnd / 1e6 as contributions_m, beneficiaries, beneficiaries_suppression,
       benefits_month_vnd / 1e6 as benefits_m
from marts.social_security_monthly
where unit_id = $province and period_start = (
    select max(period_start) from marts.social_security_monthly
    where unit_id = $province and period_start <= $last
)
order by insurance_kind
""",
    "civil_service": """
select period_start, organisation_name, kind, headcount, suppression
from marts.civil_service_by_unit
where $province is not null and breakdown = 'total' and category = 'total' and period_start = (
    select max(period_start) from marts.civil_service_by_unit where period_start <= $last
)
order by organisation_name, kind
""",
}
