{{ staged("map__commune_boundary") }}
