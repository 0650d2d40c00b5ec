{{ staged("finance__budget_revenue") }}
