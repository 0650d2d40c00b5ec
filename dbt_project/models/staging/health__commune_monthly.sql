{{ staged("health__commune_monthly") }}
