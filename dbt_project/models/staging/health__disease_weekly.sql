{{ staged("health__disease_weekly") }}
