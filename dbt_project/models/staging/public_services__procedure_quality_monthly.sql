{{ staged("public_services__procedure_quality_monthly") }}
