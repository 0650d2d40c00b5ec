"""Files that are kept as they are: each is a row, its bytes stay in landing (H02, H35)."""

from __future__ import annotations

import mimetypes
from collections.abc import Collection
from pathlib import Path, PurePosixPath

import polars as pl

from ioc_pipelines.catalog.layouts import DocumentLayout
from ioc_pipelines.durable import sha256_of
from ioc_pipelines.intake.errors import StructureMismatchError
from ioc_pipelines.intake.layout.captured import capture
from ioc_pipelines.intake.layout.table import FILE, ROW, SHEET, Table, Wanted, missing_columns

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
    missing = [w.source for w in wanted if w.source not in facts]
    if missing:
        raise StructureMismatchError(name, missing_columns(missing, list(facts)))
    frame = pl.DataFrame(
        {FILE: [name], SHEET: pl.Series([None], dtype=pl.String), ROW: [1], **facts}
    )
    return Table(frame, {"rows": 1})
