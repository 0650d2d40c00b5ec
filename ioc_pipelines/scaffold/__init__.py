"""Propose a dataset from a sample: its contract, feed, staging model and test case."""
