"""Contracts of sector `reference`."""
