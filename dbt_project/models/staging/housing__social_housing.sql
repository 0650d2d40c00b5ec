{{ staged("housing__social_housing") }}
