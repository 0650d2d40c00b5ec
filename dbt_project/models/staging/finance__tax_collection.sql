{{ staged("finance__tax_collection") }}
