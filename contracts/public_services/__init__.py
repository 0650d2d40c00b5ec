"""Contracts of sector `public_services`."""
