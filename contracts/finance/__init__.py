"""Contracts of sector `finance`."""
