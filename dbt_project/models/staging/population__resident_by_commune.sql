{{ staged("population__resident_by_commune") }}
