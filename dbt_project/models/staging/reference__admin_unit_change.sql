{{ staged("reference__admin_unit_change") }}
