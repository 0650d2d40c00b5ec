{{
    with_unit(
        "investment__fdi_by_province",
        month_start("d.period"),
        month_end("d.period"),
        unit="province_name",
    )
}}
