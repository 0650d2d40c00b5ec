-- Schools at the beginning of the school year, which counts for the year it begins in.
-- It begins in September.
{{
    measured(
        in_commune(
            "education__school",
            month_start("(substr(d.school_year, 1, 4) || '-09')"),
        ),
        "month",
        [
            {"code": "SCHOOLS", "value": "1"},
            {"code": "PUPILS", "value": "pupils"},
            {"code": "TEACHERS", "value": "teachers"},
            {"code": "PUPILS_PER_CLASS", "value": "pupils", "per": "classes"},
            {"code": "PUPILS_PER_TEACHER", "value": "pupils", "per": "teachers"},
            {
                "code": "KINDERGARTEN_CHILDREN",
                "value": "pupils",
                "where": "level = 'kindergarten'",
            },
        ],
    )
}}
