"""Parquet files that are written whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from ioc_pipelines.durable import write_durably


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    write_durably(path, buffer.getvalue())
