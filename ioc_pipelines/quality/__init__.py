"""Judge a batch by its contract: pure functions on frames."""
