"""Parquet files that are written whole or not at all."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import polars as pl
import pyarrow.parquet as pq

from ioc_pipelines.durable import room_for, write_durably


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    write_durably(path, buffer.getvalue())


class PieceWriter:
    """A file that is written piece by piece: under a temporary name until all of it is there."""

    def __init__(self, path: Path) -> None:
        """Write to ``path``, and the folders above it, when the first piece comes."""
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._writer: pq.ParquetWriter | None = None

    def write(self, frame: pl.DataFrame) -> None:
        """Add rows; all pieces have the same columns. Raises DiskFullError."""
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with room_for(self._path):
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._temporary, table.schema, compression="zstd")
            self._writer.write_table(table)

    def __enter__(self) -> PieceWriter:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Sync and rename what was written, or leave nothing when it failed."""
        if self._writer is None:
            return
        if error is not None:
            with suppress(OSError):
                self._writer.close()
            self._temporary.unlink(missing_ok=True)
            return
        try:
            with room_for(self._path):
                self._writer.close()
                with self._temporary.open("rb") as file:
                    os.fsync(file.fileno())
            self._temporary.replace(self._path)
        except OSError:
            self._temporary.unlink(missing_ok=True)
            raise
