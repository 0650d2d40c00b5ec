{{ staged("public_services__procedure_dossier") }}
