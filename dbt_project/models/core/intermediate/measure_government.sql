-- Dossiers and people's feedback. A dossier counts for the unit that its commune's code
-- meant in the month counted.
{{
    measured(
        in_commune(
            "public_services__procedure_dossier",
            "cast(date_trunc('month', d.received_at) as date)",
        ),
        "month",
        [
            {"code": "DOSSIERS_RECEIVED_MONTH", "value": "1"},
            {
                "code": "DOSSIERS_ONLINE_RATE",
                "value": "case when channel = 'online' then 100.0 else 0 end",
                "per": "1",
            },
        ],
    )
}}
union all
{{
    measured(
        in_commune(
            "public_services__procedure_dossier",
            "cast(date_trunc('month', d.finished_at) as date)",
        ),
        "month",
        [
            {"code": "DOSSIERS_FINISHED", "value": "1"},
            {
                "code": "DOSSIERS_ON_TIME_RATE",
                "value": "case when finished_at <= due_at then 100.0 else 0 end",
                "per": "1",
            },
            {
                "code": "DOSSIERS_RETURNED_RATE",
                "value": "case when status = 'returned' then 100.0 else 0 end",
                "per": "1",
            },
            {
                "code": "DOSSIERS_MEAN_DAYS",
                "value": days_between("received_at", "finished_at"),
                "per": "1",
            },
        ],
    )
}}
union all
{{
    measured(
        in_commune(
            "public_services__citizen_feedback",
            "cast(date_trunc('month', d.received_at) as date)",
        ),
        "month",
        [
            {"code": "FEEDBACK_RECEIVED", "value": "1"},
            {
                "code": "FEEDBACK_ANSWERED_RATE",
                "value": "case when status = 'answered' then 100.0 else 0 end",
                "per": "1",
            },
        ],
    )
}}
union all
{{
    measured(
        in_commune(
            "public_services__citizen_feedback",
            "cast(date_trunc('month', d.answered_at) as date)",
        ),
        "month",
        [
            {
                "code": "FEEDBACK_MEAN_DAYS",
                "value": days_between("received_at", "answered_at"),
                "per": "1",
            },
            {
                "code": "FEEDBACK_SATISFIED_RATE",
                "value": "case when satisfaction >= 3 then 100.0 else 0 end",
                "per": "1",
                "where": "satisfaction is not null",
            },
            {
                "code": "FEEDBACK_SATISFIED_RATE",
                "version": 2,
                "value": "case when satisfaction >= 4 then 100.0 else 0 end",
                "per": "1",
                "where": "satisfaction is not null",
            },
        ],
    )
}}
union all
{{
    measured(
        in_commune(
            "public_services__procedure_quality_monthly", month_start("d.period")
        ),
        "month",
        [
            {
                "code": "QD766_OPENNESS",
                "value": "100.0 * procedures_published",
                "per": "procedures",
            },
            {
                "code": "QD766_DIGITISATION",
                "value": "100.0 * results_digital",
                "per": "results",
            },
            {
                "code": "QD766_SATISFACTION",
                "value": "100.0 * ratings_satisfied",
                "per": "ratings",
            },
        ],
    )
}}
