{{ staged("map__point_of_interest") }}
