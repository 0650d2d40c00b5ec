-- Each approved plan and what of its file is there: drawing, explanation and decision.
with
    documents as (
        select
            plan_code,
            count(*) as documents,
            {% for kind in ["drawing", "explanation", "decision"] %}
                bool_or(document_kind = '{{ kind }}') as has_{{ kind }},
            {% endfor %}
            sum(size_bytes) as size_bytes
        from {{ ref("planning__document") }}
        group by plan_code
    )

select
    p.plan_code,
    p.plan_name,
    p.plan_kind,
    u.unit_id,
    p.commune_code,
    p.area_ha,
    p.horizon_year,
    p.decision_number,
    p.decided_on,
    coalesce(d.documents, 0) as documents,
    {% for kind in ["drawing", "explanation", "decision"] %}
        coalesce(d.has_{{ kind }}, false) as has_{{ kind }},
    {% endfor %}
    coalesce(d.has_drawing and d.has_explanation and d.has_decision, false) as is_whole,
    coalesce(d.size_bytes, 0) as size_bytes,
    p._feed,
    p._batch_id,
    p._recorded_at
from {{ ref("planning__plan") }} as p
left join documents as d on d.plan_code = p.plan_code
left join
    {{ ref("dim_admin_unit") }} as u
    on u.code = p.commune_code
    and u.level = 'commune'
    and p.decided_on between u.valid_from and coalesce(u.valid_to, date '9999-12-31')
