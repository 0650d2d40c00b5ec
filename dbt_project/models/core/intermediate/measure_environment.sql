-- Air quality by day, of the unit whose stations they are.
{{
    measured(
        in_unit_of_feed(
            "environment__air_quality_hourly", "cast(d.observed_at as date)"
        ),
        "day",
        [
            {"code": "PM25_MEAN", "value": "pm25_ug_m3", "per": "1"},
            {"code": "AQI_MEAN", "value": "aqi", "per": "1"},
            {"code": "AQI_UNHEALTHY_HOURS", "value": "1", "where": "aqi > 150"},
            {"code": "AIR_HOURS_MEASURED", "value": "1"},
        ],
    )
}}
