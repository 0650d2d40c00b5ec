"""Contracts of sector `construction`."""
