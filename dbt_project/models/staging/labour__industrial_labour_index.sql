{{ staged("labour__industrial_labour_index") }}
