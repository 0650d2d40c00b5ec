"""Contracts of sector `bench`: only in the copy of the project that is measured."""
