{{ staged("finance__budget_by_province") }}
