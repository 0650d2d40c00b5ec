"""Files of agencies read in a process of their own: the calls that the rest of intake makes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from ioc_pipelines.catalog.layouts import Layout
from ioc_pipelines.catalog.reading import ReadingLimits
from ioc_pipelines.intake.child.parts import frame_of, part_of, refused_of
from ioc_pipelines.intake.child.readers import Request, done
from ioc_pipelines.intake.layout.read import Part
from ioc_pipelines.intake.layout.stored import CellAt, Stored
from ioc_pipelines.intake.layout.table import Wanted

Files = Sequence[tuple[str, Path]]


def read_files(
    layout: Layout, wanted: Collection[Wanted], files: Files, limits: ReadingLimits
) -> Iterator[tuple[int, Part]]:
    """The tables of each file by its number, as ``layout.read.read_file`` finds them.

    A file that breaks a limit, or its reader, is refused alone. Raises ReaderFailedError.
    """
    more = {"layout": layout.model_dump(mode="json"), "wanted": [asdict(want) for want in wanted]}
    for number, folder, line in done(Request("read", files, more, limits)):
        if "part" in line:
            yield number, part_of(folder, line)
        else:
            yield number, Part(files[number][0], [], refused_of(line["refused"]))


def read_pieces(
    wanted: Collection[Wanted], files: Files, rows: int, limits: ReadingLimits
) -> Iterator[tuple[int, Path, int]]:
    """The rows of Parquet files, so many at a time, as ``layout.read.read_file`` finds them.

    The number of the file, an Arrow file that goes at the end, and how many rows.
    Raises FileRefusedError on the first file that is refused, and ReaderFailedError.
    """
    more = {"wanted": [asdict(want) for want in wanted], "rows": rows}
    for number, folder, line in done(Request("pieces", files, more, limits)):
        if refused := refused_of(line.get("refused")):
            raise refused
        piece = line["piece"]
        yield number, folder / Path(piece["frame"]).name, piece["rows"]


def markings(layout: Layout, files: Files, limits: ReadingLimits) -> list[str]:
    """The markings of state secrets that files carry, one for each that has any (H50).

    A file that cannot be looked at has none: it is refused when it is read.
    """
    more = {"layout": layout.model_dump(mode="json")}
    told = (line.get("marking") for _, _, line in done(Request("marked", files, more, limits)))
    return [marking for marking in told if marking]


def stored_cells(
    layout: Layout, path: Path, name: str, cells: Collection[CellAt], limits: ReadingLimits
) -> dict[CellAt, Stored]:
    """What stands in these cells of a file, as ``layout.stored.stored_cells`` finds it."""
    asked = list(cells)
    more = {"layout": layout.model_dump(mode="json"), "cells": [asdict(cell) for cell in asked]}
    found: dict[CellAt, Stored] = {}
    for _, _, line in done(Request("stored", [(name, path)], more, limits)):
        if refused := refused_of(line.get("refused")):
            raise refused
        found = {asked[at]: Stored(**stored) for at, stored in line["stored"]}
    return found


def cells_of(
    path: Path, name: str, sheet: str, most_bytes: int, limits: ReadingLimits
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """The cells of a sheet, as ``layout.workbook.cells_of`` finds them."""
    more = {"sheet": sheet, "most_bytes": most_bytes}
    for _, folder, line in done(Request("cells", [(name, path)], more, limits)):
        if refused := refused_of(line.get("refused")):
            raise refused
        if line["cells"] is not None:
            texts, numbers = (frame_of(folder, frame) for frame in line["cells"])
            return _there(texts), _there(numbers)
    return None


def _there(frame: pl.DataFrame | None) -> pl.DataFrame:
    return pl.DataFrame() if frame is None else frame
