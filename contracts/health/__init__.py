"""Contracts of sector `health`."""
