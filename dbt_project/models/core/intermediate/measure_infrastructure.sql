-- Assets of urban infrastructure, by the month of their last inspection.
{{
    measured(
        in_commune(
            "infrastructure__asset", "cast(date_trunc('month', d.inspected_on) as date)"
        ),
        "month",
        [
            {"code": "ASSETS_INSPECTED", "value": "1"},
            {
                "code": "ASSETS_DAMAGED_RATE",
                "value": "case when state = 'damaged' then 100.0 else 0 end",
                "per": "1",
            },
        ],
    )
}}
