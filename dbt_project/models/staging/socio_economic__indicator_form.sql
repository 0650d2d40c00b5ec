{{ staged("socio_economic__indicator_form") }}
