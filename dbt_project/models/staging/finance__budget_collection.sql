{{ staged("finance__budget_collection") }}
