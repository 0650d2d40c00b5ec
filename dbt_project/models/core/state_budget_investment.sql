{{
    with_unit(
        "investment__state_budget_investment",
        month_start("d.period"),
        month_end("d.period"),
        unit="unit_name",
    )
}}
