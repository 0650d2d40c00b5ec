{{
    with_unit(
        "population__population_by_province",
        year_start("d.year"),
        year_end("d.year"),
        unit="province_name",
    )
}}
