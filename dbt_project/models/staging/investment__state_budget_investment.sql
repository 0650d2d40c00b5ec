{{ staged("investment__state_budget_investment") }}
