"""Contracts about the map: boundaries and points of interest."""
