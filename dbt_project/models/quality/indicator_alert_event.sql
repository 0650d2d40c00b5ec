-- The history of the alerts, added to and never changed: what earlier snapshots
-- published, and what this one opens, changes and closes. When it is published, its
-- new rows are written to the ledger, and the next build begins with them.
{% set facts = [
    "kind",
    "kinds",
    "severity",
    "period_type",
    "period_start",
    "value",
    "bound",
    "due_on",
    "document",
] %}
with
    told as (
        select
            alert_id,
            event_no,
            indicator_code,
            unit_id,
            event,
            kind,
            kinds,
            severity,
            period_type,
            cast(period_start as date) as period_start,
            value,
            bound,
            cast(due_on as date) as due_on,
            document,
            reason,
            snapshot_id,
            cast(recorded_at as timestamptz) as recorded_at
        from {{ source("ledger", "indicator_alert_event") }}
    ),

    is_open as (
        select *
        from told
        qualify
            event_no = max(event_no) over (partition by alert_id) and event <> 'closed'
    ),

    counted as (
        select indicator_code, unit_id, count(distinct alert_id) as alerts
        from told
        group by indicator_code, unit_id
    ),

    breached as (
        select
            c.*,
            case
                c.kind
                when 'target_missed'
                then 1
                when 'threshold_crossed'
                then 2
                when 'cumulative_fell'
                then 3
                else 4
            end as rank
        from {{ ref("indicator_check") }} as c
        where c.is_breached
    ),

    kinds as (
        select
            indicator_code,
            unit_id,
            {{ dbt.listagg("kind", "', '", "order by rank") }} as kinds
        from (select distinct indicator_code, unit_id, kind, rank from breached) as k
        group by indicator_code, unit_id
    ),

    -- of several at once the worst speaks
    is_wrong as (
        select b.*, k.kinds
        from breached as b
        inner join
            kinds as k on k.indicator_code = b.indicator_code and k.unit_id = b.unit_id
        qualify
            row_number() over (
                partition by b.indicator_code, b.unit_id
                order by case b.severity when 'critical' then 1 else 2 end, b.rank
            )
            = 1
    ),

    turned as (
        select
            coalesce(
                o.alert_id,
                w.indicator_code
                || '/'
                || w.unit_id
                || '/'
                || cast(coalesce(n.alerts, 0) + 1 as varchar)
            ) as alert_id,
            coalesce(o.event_no, 0) + 1 as event_no,
            w.indicator_code,
            w.unit_id,
            case when o.alert_id is null then 'opened' else 'changed' end as event,
            {% for fact in facts %} w.{{ fact }}, {% endfor %}
            cast(null as varchar) as reason
        from is_wrong as w
        left join
            is_open as o
            on o.indicator_code = w.indicator_code
            and o.unit_id = w.unit_id
        left join
            counted as n
            on n.indicator_code = w.indicator_code
            and n.unit_id = w.unit_id
        where
            o.alert_id is null
            {% for fact in facts %}
                or w.{{ fact }} is distinct from o.{{ fact }}
            {% endfor %}
    ),

    -- the same is judged and good again; or nobody judges it any more
    closed as (
        select
            o.alert_id,
            o.event_no + 1 as event_no,
            o.indicator_code,
            o.unit_id,
            'closed' as event,
            o.kind,
            o.kinds,
            o.severity,
            c.period_type,
            c.period_start,
            c.value,
            c.bound,
            c.due_on,
            c.document,
            case when c.kind is null then 'not_judged' else 'recovered' end as reason
        from is_open as o
        left join
            is_wrong as w
            on w.indicator_code = o.indicator_code
            and w.unit_id = o.unit_id
        left join
            {{ ref("indicator_check") }} as c
            on c.indicator_code = o.indicator_code
            and c.unit_id = o.unit_id
            and c.kind = o.kind
            and c.severity = o.severity
        where w.indicator_code is null
    )

select *
from told
union all
select
    n.*,
    {{ dbt.string_literal(env_var("IOC_SNAPSHOT_ID", "none")) }},
    cast(
        {{ dbt.string_literal(env_var("IOC_BUILT_AT", "1970-01-01T00:00:00+00:00")) }}
        as timestamptz
    )
from
    (
        select *
        from turned
        union all
        select *
        from closed
    ) as n
