{{
    with_unit(
        "labour__industrial_labour_index",
        month_start("d.period"),
        month_end("d.period"),
        unit="province_name",
    )
}}
