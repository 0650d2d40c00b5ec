{{ staged("health__disease_cases_monthly") }}
