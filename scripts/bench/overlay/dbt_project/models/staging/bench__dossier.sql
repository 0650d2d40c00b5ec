{{ staged("bench__dossier") }}
