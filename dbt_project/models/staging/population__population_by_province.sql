{{ staged("population__population_by_province") }}
