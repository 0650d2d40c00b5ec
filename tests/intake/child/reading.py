"""Files read in this process, where a test changes the reader itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from ioc_pipelines.catalog.layouts import Layout
from ioc_pipelines.intake.child.read import Files
from ioc_pipelines.intake.layout.read import Part, read_file
from ioc_pipelines.intake.layout.table import Wanted


def read_here(
    layout: Layout, wanted: Collection[Wanted], files: Files, _: Any
) -> Iterator[tuple[int, Part]]:
    """``child.read.read_files`` without a child."""
    for number, (name, path) in enumerate(files):
        for part in read_file(layout, wanted, path, name):
            yield number, part
