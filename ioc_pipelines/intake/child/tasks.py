"""What a reading process does: one request, its files one after the other.

Whatever happens is told before the process ends; what it cannot tell, its end says.
"""

from __future__ import annotations

import json
import os
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ioc_pipelines.catalog.layouts import Layout
from ioc_pipelines.catalog.reading import ReadingLimits
from ioc_pipelines.intake.child.parts import Outbox, refusal
from ioc_pipelines.intake.child.server import PROGRESS, REQUEST
from ioc_pipelines.intake.errors import FileRefusedError
from ioc_pipelines.intake.layout.read import read_file
from ioc_pipelines.intake.layout.records import parquet_height, parquet_piece
from ioc_pipelines.intake.layout.stored import CellAt, stored_cells
from ioc_pipelines.intake.layout.table import Wanted
from ioc_pipelines.intake.layout.workbook import cells_of
from ioc_pipelines.intake.marking import marking_of_file

_LAYOUT: TypeAdapter[Layout] = TypeAdapter(Layout)
_PACKAGE = Path(__file__).parents[2]


def run(
    folder: Path,
    confine: Callable[[ReadingLimits, Path], None],
    allow_time: Callable[[int], None],
) -> None:
    """Do what the request in ``folder`` asks for, within its limits."""
    request = json.loads((folder / REQUEST).read_bytes())
    limits = ReadingLimits.model_validate(request["limits"])
    errors = os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT)
    os.dup2(errors, 2)
    confine(limits, folder)
    outbox = Outbox(folder, folder / PROGRESS)
    task = TASKS[request["task"]]
    for number, (name, path) in enumerate(request["files"]):
        allow_time(limits.cpu_s)
        outbox.tell({"begin": number})
        try:
            task(outbox, number, request, Path(path), name)
        except FileRefusedError as error:
            outbox.tell({"file": number, "refused": refusal(error)})
        except BaseException as error:  # noqa: BLE001  told, whatever it is: also a panic of Rust
            outbox.tell({"file": number, "failed": _failure(error)})
            return
        outbox.tell({"end": number})


def _read(outbox: Outbox, number: int, request: Mapping[str, Any], path: Path, name: str) -> None:
    """The tables of a file by the feed's layout."""
    layout = _LAYOUT.validate_python(request["layout"])
    wanted = [Wanted(**{**w, "others": tuple(w["others"])}) for w in request["wanted"]]
    for part in read_file(layout, wanted, path, name):
        outbox.part(number, part)


def _stored(outbox: Outbox, number: int, request: Mapping[str, Any], path: Path, name: str) -> None:
    """What stands in cells before legacy letters are decoded."""
    layout = _LAYOUT.validate_python(request["layout"])
    cells = [CellAt(**{**cell, "sources": tuple(cell["sources"])}) for cell in request["cells"]]
    found = stored_cells(layout, path, name, cells)
    told = [(cells.index(cell), asdict(stored)) for cell, stored in found.items()]
    outbox.tell({"file": number, "stored": told})


def _cells(outbox: Outbox, number: int, request: Mapping[str, Any], path: Path, name: str) -> None:
    """The cells of one sheet."""
    found = cells_of(path, name, request["sheet"], request["most_bytes"])
    tables = None if found is None else [outbox.put(frame) for frame in found]
    outbox.tell({"file": number, "cells": tables})


def _pieces(outbox: Outbox, number: int, request: Mapping[str, Any], path: Path, name: str) -> None:
    """The rows of a Parquet file, so many at a time: never all of them in memory."""
    wanted = [Wanted(**{**w, "others": tuple(w["others"])}) for w in request["wanted"]]
    most, height = request["rows"], parquet_height(path, name)
    for start in range(0, max(height, 1), most):
        frame = parquet_piece(wanted, path, name, start, most)
        told = {"frame": outbox.put(frame), "rows": frame.height}
        outbox.tell({"file": number, "piece": told})


def _marked(outbox: Outbox, number: int, request: Mapping[str, Any], path: Path, name: str) -> None:
    """The marking of a state secret that a file carries."""
    layout = _LAYOUT.validate_python(request["layout"])
    with tempfile.TemporaryDirectory() as folder:
        marking = marking_of_file(layout, path, name, Path(folder))
    outbox.tell({"file": number, "marking": marking})


TASKS: Mapping[str, Callable[[Outbox, int, Mapping[str, Any], Path, str], None]] = {
    "read": _read,
    "stored": _stored,
    "cells": _cells,
    "pieces": _pieces,
    "marked": _marked,
}


def _failure(error: BaseException) -> dict[str, Any]:
    """What a reader failed with: its kind and where, never what it said, which may be data."""
    frames = [
        f"{Path(frame.filename).relative_to(_PACKAGE).as_posix()}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    number = error.errno if isinstance(error, OSError) else None
    is_ours = isinstance(error, Exception) and not isinstance(error, MemoryError)
    return {
        "error": type(error).__name__,
        "errno": number,
        "at": frames,
        "is_ours": is_ours,
    }
