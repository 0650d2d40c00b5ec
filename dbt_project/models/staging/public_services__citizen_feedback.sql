{{ staged("public_services__citizen_feedback") }}
