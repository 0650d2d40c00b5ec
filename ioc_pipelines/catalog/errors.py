"""What is wrong with a catalog file, said so that it can be mended."""

from __future__ import annotations


class CatalogError(ValueError):
    """One or more problems in the catalog, each naming file, feed and field."""

    def __init__(self, problems: list[str]) -> None:
        """Take the problems, one line each."""
        self.problems = problems
        super().__init__("The catalog cannot be loaded:\n" + "\n".join(f"- {p}" for p in problems))
