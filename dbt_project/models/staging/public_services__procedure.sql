{{ staged("public_services__procedure") }}
