{{ staged("socio_economic__monthly_indicator") }}
