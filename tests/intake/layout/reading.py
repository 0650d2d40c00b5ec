"""Read a file that holds one table."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ioc_pipelines.catalog.layouts import Layout
from ioc_pipelines.intake.layout.read import read_tables
from ioc_pipelines.intake.layout.table import Table, Wanted


def read_table(layout: Layout, wanted: Collection[Wanted | str], path: Path, name: str) -> Table:
    """The one table of the file."""
    (table,) = read_tables(layout, wanted, path, name)
    return table
