"""Rows to a Parquet file as they come, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write(tables: Iterator[pa.Table], path: Path) -> int:
    """Write the tables, which have one schema; the number of rows.

    Compressed by zstd without dictionaries: for rows that are read once this is the fastest and the
    smallest at once (docs/adr/0019-reading-databases.md).
    """
    rows = 0
    first = next(tables)
    with pq.ParquetWriter(path, first.schema, compression="zstd", use_dictionary=False) as writer:
        table: pa.Table | None = first
        while table is not None:
            rows += table.num_rows
            if table.num_rows or not rows:
                writer.write_table(table)
            table = next(tables, None)
    return rows
