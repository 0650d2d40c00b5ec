{{ staged("land__transaction") }}
