"""Contracts of sector `socio_economic`."""
