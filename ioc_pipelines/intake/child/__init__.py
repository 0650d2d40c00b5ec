"""Files of agencies are read in a disposable process that has limits and no network (ADR 0041)."""
