"""Contracts of sector `investment`."""
