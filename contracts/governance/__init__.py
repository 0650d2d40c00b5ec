"""Contracts about how provinces are governed."""
