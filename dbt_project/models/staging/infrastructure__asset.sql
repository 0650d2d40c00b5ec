{{ staged("infrastructure__asset") }}
