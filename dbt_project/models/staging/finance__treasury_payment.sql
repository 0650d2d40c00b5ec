{{ staged("finance__treasury_payment") }}
