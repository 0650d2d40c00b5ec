"""Contracts of sector `education`."""
