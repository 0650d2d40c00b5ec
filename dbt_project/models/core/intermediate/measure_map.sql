-- Natural area by the edition of the boundaries, and points of interest by the month
-- they
-- were surveyed in.
{{
    measured(
        in_commune("map__commune_boundary", quarter_start("d.edition")),
        "quarter",
        [{"code": "NATURAL_AREA", "value": "area_km2"}],
    )
}}
union all
{{
    measured(
        in_commune(
            "map__point_of_interest", "cast(date_trunc('month', d.surveyed_on) as date)"
        ),
        "month",
        [{"code": "POINTS_SURVEYED", "value": "1"}],
    )
}}
