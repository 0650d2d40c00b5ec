{{ staged("reference__admin_unit") }}
