"""Contracts of the environment sector."""
