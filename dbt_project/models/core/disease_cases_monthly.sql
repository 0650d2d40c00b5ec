{{
    with_unit(
        "health__disease_cases_monthly",
        month_start("(d.year || '-' || lpad(cast(d.month as varchar), 2, '0'))"),
        month_end("(d.year || '-' || lpad(cast(d.month as varchar), 2, '0'))"),
        unit="province_name",
    )
}}
