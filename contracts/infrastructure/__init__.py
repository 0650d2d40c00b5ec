"""Contracts about urban technical infrastructure."""
