-- Residents. Births and deaths of a commune's month are small numbers of people: they
-- are counted for the province alone.
{{
    measured(
        in_commune("population__resident_by_commune", month_start("d.period")),
        "month",
        [
            {"code": "RESIDENTS", "value": "residents"},
            {
                "code": "RESIDENTS_FEMALE_SHARE",
                "value": "100.0 * female",
                "per": "residents",
            },
            {
                "code": "RESIDENTS_UNDER_15_SHARE",
                "value": "100.0 * under_15",
                "per": "residents",
            },
            {
                "code": "RESIDENTS_OVER_60_SHARE",
                "value": "100.0 * over_60",
                "per": "residents",
            },
            {
                "code": "ID_CARD_COVERAGE",
                "value": "100.0 * id_cards",
                "per": "residents",
            },
            {"code": "BIRTHS", "value": "births"},
            {"code": "DEATHS", "value": "deaths"},
        ],
    )
}}
union all
{{
    measured(
        ref("population_by_province"),
        "year",
        [{"code": "POPULATION_OFFICIAL", "value": "1000.0 * population_thousand"}],
    )
}}
