{{ staged("construction__permit") }}
