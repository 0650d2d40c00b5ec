"""Contracts of the labour sector."""
