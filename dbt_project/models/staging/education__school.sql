{{ staged("education__school") }}
