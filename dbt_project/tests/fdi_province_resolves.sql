-- A province name that no unit bears on that date never reaches an indicator: say so.
{{ config(severity="warn") }}

select f.period, f.province_name
from {{ ref("investment__fdi_by_province") }} as f
where
    not exists (
        select 1
        from {{ ref("admin_unit_name") }} as n
        where
            n.spelling = f.province_name
            and {{ month_start("f.period") }}
            between n.valid_from and coalesce(n.valid_to, date '9999-12-31')
    )
