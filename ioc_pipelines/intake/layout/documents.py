"""Files that are kept as they are: each is a row, its bytes stay in landing (H02, H35)."""

from __future__ import annotations

import mimetypes
from collections.abc import Collection
from pathlib import Path, PurePosixPath

import polars as pl

from ioc_pipelines.catalog.layouts import DocumentLayout
from ioc_pipelines.durable import sha256_of
from ioc_pipelines.intake.layout.captured import capture
from ioc_pipelines.intake.layout.table import (
    FILE,
    ROW,
    SHEET,
    Table,
    Wanted,
    found_in,
    put_together,
)

_UNKNOWN = "application/octet-stream"


def read_document(
    layout: DocumentLayout, wanted: Collection[Wanted], path: Path, name: str
) -> Table:
    """One row: ``name``, ``media_type`` by the name, ``size_bytes``, ``sha256``, and captures."""
    facts: dict[str, str | int] = {
        "name": PurePosixPath(name).name,
        "media_type": mimetypes.guess_type(name)[0] or _UNKNOWN,
        "size_bytes": path.stat().st_size,
        "sha256": sha256_of(path),
        **capture(layout.captures, {"file": name}, name),
    }
    frame = pl.DataFrame(
        {FILE: [name], SHEET: pl.Series([None], dtype=pl.String), ROW: [1], **facts}
    )
    chosen = found_in(wanted, tuple(facts), (), name)
    frame = frame.with_columns(
        pl.lit(None, pl.String).alias(source) if column is None else pl.col(column).alias(source)
        for source, column in chosen.items()
    )
    frame = put_together(frame, wanted, name)
    return Table(frame, {"rows": 1})
