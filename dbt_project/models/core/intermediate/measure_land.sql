-- Land transactions and building permits.
{{
    measured(
        in_commune(
            "land__transaction", "cast(date_trunc('month', d.registered_on) as date)"
        ),
        "month",
        [
            {"code": "LAND_TRANSACTIONS", "value": "1"},
            {"code": "LAND_TRANSFERS", "value": "1", "where": "kind = 'transfer'"},
            {
                "code": "LAND_NEW_CERTIFICATES",
                "value": "1",
                "where": "kind = 'new_certificate'",
            },
            {
                "code": "LAND_AREA_TRANSFERRED",
                "value": "area_m2",
                "where": "kind = 'transfer'",
            },
            {
                "code": "LAND_TRANSFER_VALUE",
                "value": "price_vnd",
                "where": "kind = 'transfer'",
            },
            {
                "code": "LAND_PRICE_PER_M2",
                "value": "price_vnd",
                "per": "area_m2",
                "where": "kind = 'transfer' and price_vnd > 0",
            },
        ],
    )
}}
union all
{{
    measured(
        in_commune(
            "construction__permit", "cast(date_trunc('month', d.issued_on) as date)"
        ),
        "month",
        [
            {"code": "BUILDING_PERMITS", "value": "1"},
            {
                "code": "BUILDING_PERMITS_HOUSES",
                "value": "1",
                "where": "kind = 'new_house'",
            },
            {"code": "BUILDING_FLOOR_AREA", "value": "floor_area_m2"},
        ],
    )
}}
