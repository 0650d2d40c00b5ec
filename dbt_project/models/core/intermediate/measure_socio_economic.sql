-- The statistics office's figures of the month, national indexes, and what agencies
-- enter because no system supplies it.
{% set figures = {
    "IIP": "iip",
    "RETAIL_SALES": "retail_sales",
    "TRANSPORT_REVENUE": "transport_revenue",
    "CPI": "cpi",
    "EXPORTS": "exports",
    "IMPORTS": "imports",
    "ENTERPRISES_NEW": "new_enterprises",
    "VISITORS": "visitors",
    "BUDGET_EXPENDITURE": "budget_expenditure",
    "CREDIT_OUTSTANDING": "credit_outstanding",
} %}
{% set of_the_month = [] %}
{% for code, indicator in figures.items() %}
    {% do of_the_month.append(
        {
            "code": code,
            "value": "month_value",
            "where": "indicator = '" ~ indicator ~ "'",
        }
    ) %}
{% endfor %}
{{
    measured(
        in_unit_of_feed(
            "socio_economic__monthly_indicator", month_start("d.period")
        ),
        "month",
        of_the_month,
    )
}}
union all
{{ measured(ref("pci"), "year", [{"code": "PCI_SCORE", "value": "score"}]) }}
union all
{{
    measured(
        ref("industrial_labour_index"),
        "month",
        [
            {"code": "INDUSTRIAL_LABOUR_INDEX", "value": "index_same_period"},
        ],
    )
}}
