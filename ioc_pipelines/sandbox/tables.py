"""Tables of the simulated databases and web services, kept as Parquet for the servers to serve."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from ioc_pipelines.durable import write_durably
from ioc_pipelines.sandbox.answer_key import FeedKey, refused_in_table
from ioc_pipelines.sandbox.defects import MARKS

FOLDER = "systems"
Kind = Literal["text", "whole", "decimal", "date", "timestamp"]


@dataclass(frozen=True)
class Table:
    """A table of one simulated system: ``columns`` by kind, and the one that says what changed.

    ``key`` tells its rows apart in the answers; nothing keeps it unique at the source.
    """

    system: str
    name: str
    columns: Mapping[str, Kind]
    key: tuple[str, ...]
    changed: str

    def path(self, root: Path) -> Path:
        """Where its rows are kept: every cell as text."""
        return root / FOLDER / self.system / f"{self.name}.parquet"


def write_table(root: Path, table: Table, planted: pl.DataFrame) -> FeedKey:
    """Keep the rows for the servers, if they differ from what is kept, and return the answers."""
    rows = planted.select(table.columns.keys())
    path = table.path(root)
    if not (path.is_file() and pl.read_parquet(path).equals(rows)):
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        rows.write_parquet(buffer)
        write_durably(path, buffer.getvalue())
    told_apart = planted.select(
        pl.concat_str(pl.col(table.key).fill_null(""), separator="/").alias("key"), *MARKS
    )
    refused = refused_in_table(told_apart, f"{table.system}/{table.name}", key="key")
    return FeedKey.of(planted, refused)
