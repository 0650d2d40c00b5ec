"""Contracts of sector `social_security`."""
