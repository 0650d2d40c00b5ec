{{ staged("finance__public_investment") }}
