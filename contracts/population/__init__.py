"""Contracts about the population."""
