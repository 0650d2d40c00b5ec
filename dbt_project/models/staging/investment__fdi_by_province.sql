{{ staged("investment__fdi_by_province") }}
