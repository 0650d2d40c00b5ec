{{
    with_unit(
        "finance__budget_by_province",
        year_start("d.fiscal_year"),
        year_end("d.fiscal_year"),
        unit="province_name",
    )
}}
