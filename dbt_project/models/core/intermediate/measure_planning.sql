-- By the month of the decision. A plan is digitised when drawing, explanation and
-- decision
-- of it are there (article 5.5.đ).
with
    decided as (
        select *, cast(date_trunc('month', decided_on) as date) as period_start
        from {{ ref("plan_file") }}
    )

    {{
        measured(
            "decided",
            "month",
            [
                {"code": "PLANS_APPROVED", "value": "1"},
                {
                    "code": "PLANS_DIGITISED_RATE",
                    "value": "case when is_whole then 100 else 0 end",
                    "per": "1",
                },
            ],
        )
    }}
