-- Each file of a plan; its bytes are in landing under the hash: `ioc feed file`.
select
    d.file_name,
    d.plan_code,
    p.plan_name,
    p.decision_number,
    p.decided_on,
    p.plan_code is not null as is_registered,
    d.document_kind,
    d.media_type,
    d.size_bytes,
    d.sha256,
    d._feed as feed,
    d._batch_id as batch_id,
    d._recorded_at as recorded_at
from {{ ref("planning__document") }} as d
left join {{ ref("planning__plan") }} as p on p.plan_code = d.plan_code
