{{ staged("governance__pci") }}
