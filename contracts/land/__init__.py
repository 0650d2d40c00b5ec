"""Contracts of sector `land`."""
