{{ staged("planning__plan") }}
