"""Contracts of sector `civil_service`."""
