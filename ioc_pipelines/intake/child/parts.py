"""What a reading process hands over: Arrow files for tables, lines of JSON for the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ioc_pipelines.intake.errors import (
    FileRefusedError,
    OversizedFileError,
    StructureMismatchError,
    UnreadableFileError,
)
from ioc_pipelines.intake.layout.read import Part
from ioc_pipelines.intake.layout.table import Table

_KINDS: Mapping[str, type[FileRefusedError]] = {
    kind.__name__: kind
    for kind in (UnreadableFileError, OversizedFileError, StructureMismatchError)
}


class Outbox:
    """The folder that a reading process writes to: numbered Arrow files, and lines as they come."""

    def __init__(self, folder: Path, lines: Path) -> None:
        """Write tables to ``folder`` and lines to ``lines``."""
        self._folder, self._count = folder, 0
        self._lines = lines.open("a", encoding="utf-8")

    def tell(self, line: Mapping[str, Any]) -> None:
        """Write one line at once: what was told before the process ends is known."""
        self._lines.write(json.dumps(line) + "\n")
        self._lines.flush()

    def put(self, frame: pl.DataFrame | None) -> str | None:
        """Write a table; the name of its file."""
        if frame is None:
            return None
        self._count += 1
        name = f"{self._count:05d}.arrow"
        frame.write_ipc(self._folder / name)
        return name

    def part(self, number: int, part: Part) -> None:
        """Hand over what a file, or a member of it, came to."""
        tables = [
            {
                "frame": self.put(table.frame),
                "found": table.found,
                "totals": self.put(table.totals),
                "keys": table.keys,
                "letters": table.letters,
            }
            for table in part.tables
        ]
        told = {"name": part.name, "files": part.files, "tables": tables}
        self.tell({"file": number, "part": told, "refused": refusal(part.refused)})


def refusal(error: FileRefusedError | None) -> dict[str, str] | None:
    """A refused file as plain values."""
    if error is None:
        return None
    return {"kind": type(error).__name__, "file": error.file, "reason": error.reason}


def refused_of(told: Mapping[str, str] | None) -> FileRefusedError | None:
    """The same as an error again."""
    return _KINDS[told["kind"]](told["file"], told["reason"]) if told else None


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """What was told, in order; a line that the end of the process cut short is none."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)


def frame_of(folder: Path, name: str | None) -> pl.DataFrame | None:
    """A table that was written, in memory; its file is gone then."""
    if name is None:
        return None
    path = folder / Path(name).name
    # from bytes in memory: nothing is mapped of a file that is about to go
    frame = pl.read_ipc(path.read_bytes())
    path.unlink()
    return frame


def part_of(folder: Path, line: Mapping[str, Any]) -> Part:
    """A part as it was handed over."""
    told = line["part"]
    return Part(
        told["name"],
        [_table(folder, table) for table in told["tables"]],
        refused_of(line["refused"]),
        told["files"],
    )


def _table(folder: Path, told: Mapping[str, Any]) -> Table:
    frame = frame_of(folder, told["frame"])
    if frame is None:
        msg = "a table without rows or columns was handed over"
        raise ValueError(msg)
    letters = tuple((count, dict(at)) for count, at in told["letters"])
    return Table(
        frame, told["found"], frame_of(folder, told["totals"]), tuple(told["keys"]), letters
    )
