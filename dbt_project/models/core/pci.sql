{{
    with_unit(
        "governance__pci",
        year_start("d.year"),
        year_end("d.year"),
        unit="province_name",
    )
}}
