"""How a source is reached. Read-only: nothing here changes, moves or locks what it reads (H79)."""
