-- Diseases and the communes' health stations.
{{
    measured(
        in_commune("health__disease_weekly", iso_week_start("d.week")),
        "week",
        [
            {"code": "DISEASE_CASES_WEEK", "value": "cases"},
            {"code": "DISEASE_DEATHS_WEEK", "value": "deaths"},
            {
                "code": "DENGUE_CASES_WEEK",
                "value": "cases",
                "where": "disease = 'dengue'",
            },
        ],
    )
}}
union all
{{
    measured(
        in_commune("health__commune_monthly", month_start("d.period")),
        "month",
        [
            {"code": "OUTPATIENT_VISITS", "value": "outpatient_visits"},
            {"code": "INPATIENT_DAYS", "value": "inpatient_days"},
            {"code": "ANTENATAL_CHECKS", "value": "maternal_checks"},
            {
                "code": "CHILD_VACCINATION_RATE",
                "value": "100.0 * children_vaccinated",
                "per": "children_due",
            },
        ],
    )
}}
union all
{{
    measured(
        ref("disease_cases_monthly"),
        "month",
        [
            {"code": "DISEASE_CASES_MONTH", "value": "cases"},
            {"code": "DISEASE_DEATHS_MONTH", "value": "deaths"},
        ],
    )
}}
