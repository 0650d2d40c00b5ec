{{ staged("environment__air_quality_hourly") }}
