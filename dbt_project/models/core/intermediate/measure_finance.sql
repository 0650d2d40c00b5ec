-- Budget, treasury, taxes, public and foreign investment.
{{
    measured(
        in_commune("finance__budget_revenue", month_start("d.period")),
        "month",
        [
            {"code": "BUDGET_REVENUE_MONTH", "value": "month_vnd"},
            {
                "code": "BUDGET_REVENUE_VS_PLAN",
                "value": "100.0 * cumulative_vnd",
                "per": "year_plan_vnd",
            },
        ],
    )
}}
union all
{{
    measured(
        in_commune("finance__budget_collection", month_start("d.period")),
        "month",
        [
            {"code": "BUDGET_COLLECTED_NET", "value": "collected_vnd - refunded_vnd"},
            {"code": "BUDGET_REFUNDED", "value": "refunded_vnd"},
            {
                "code": "LAND_USE_FEE_COLLECTED",
                "value": "collected_vnd - refunded_vnd",
                "where": "revenue_item = 'land_use_fee'",
            },
            {
                "code": "LAND_USE_FEE_SHARE",
                "value": "case when revenue_item = 'land_use_fee' then 100.0 * collected_vnd else 0 end",
                "per": "collected_vnd",
            },
            {
                "code": "PRODUCTION_TAX_COLLECTED",
                "value": "collected_vnd - refunded_vnd",
                "where": "revenue_item = 'tax_production'",
            },
        ],
    )
}}
union all
{{
    measured(
        in_commune(
            "finance__treasury_payment", "cast(date_trunc('month', d.paid_on) as date)"
        ),
        "month",
        [
            {"code": "TREASURY_PAID", "value": "amount_vnd"},
            {
                "code": "TREASURY_PAID_INVESTMENT",
                "value": "amount_vnd",
                "where": "spending_kind = 'investment'",
            },
            {
                "code": "TREASURY_PAID_RECURRENT",
                "value": "amount_vnd",
                "where": "spending_kind = 'recurrent'",
            },
            {
                "code": "TREASURY_DAYS_TO_PAY",
                "value": days_between("approved_on", "paid_on"),
                "per": "1",
            },
        ],
    )
}}
union all
{{
    measured(
        in_commune("finance__tax_collection", month_start("d.period")),
        "month",
        [
            {"code": "TAX_ASSESSED", "value": "assessed_vnd"},
            {"code": "TAX_COLLECTED", "value": "collected_vnd"},
            {"code": "TAX_ARREARS", "value": "arrears_vnd"},
            {
                "code": "TAX_COLLECTION_RATE",
                "value": "100.0 * collected_vnd",
                "per": "assessed_vnd",
            },
        ],
    )
}}
union all
{{
    measured(
        in_commune("finance__public_investment", month_start("d.period")),
        "month",
        [
            {"code": "PUBLIC_INVESTMENT_PROJECTS", "value": "1"},
            {"code": "PUBLIC_INVESTMENT_PLAN", "value": "year_plan_vnd"},
            {"code": "PUBLIC_INVESTMENT_DISBURSED", "value": "month_vnd"},
            {
                "code": "PUBLIC_INVESTMENT_DISBURSEMENT_RATE",
                "value": "100.0 * cumulative_vnd",
                "per": "year_plan_vnd",
            },
            {
                "code": "PUBLIC_INVESTMENT_PROGRESS",
                "value": "progress_percent",
                "per": "1",
            },
        ],
    )
}}
union all
{{
    measured(
        ref("fdi_by_province"),
        "month",
        [
            {"code": "FDI_PROJECTS_YTD", "value": "projects"},
            {"code": "FDI_NEW_CAPITAL_YTD", "value": "new_capital_usd_m"},
            {"code": "FDI_ADJUSTED_CAPITAL_YTD", "value": "adjusted_capital_usd_m"},
        ],
    )
}}
union all
{{
    measured(
        ref("state_budget_investment"),
        "month",
        [
            {"code": "STATE_INVESTMENT_MONTH", "value": "month_bn_vnd"},
            {"code": "STATE_INVESTMENT_YTD", "value": "cumulative_bn_vnd"},
        ],
    )
}}
