{{ staged("civil_service__staff_by_unit") }}
