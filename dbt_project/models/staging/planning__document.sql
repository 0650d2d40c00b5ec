{{ staged("planning__document") }}
