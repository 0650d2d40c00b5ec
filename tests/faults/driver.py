"""One command of the product in this process, to be killed at a named point if that is ordered."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILLER = "filler"


def run(order: dict[str, Any]) -> int:
    """Run ``ioc`` with the order's arguments; returns its exit code.

    ``harness``: the folder of the two-feed harness, whose sources, dbt project and datasets take
    the place of the project's own; ``point``: where it is to die; ``fill``: a folder whose
    disk is to be full from there on instead.
    """
    if folder := order.get("harness"):
        _use_harness(Path(folder))
    from ioc_pipelines import cli

    if name := order.get("point"):
        from tests.faults.points import POINTS

        POINTS[name].arm(_filler(Path(order["fill"])) if order.get("fill") else None)
    sys.argv[:] = ["ioc", *order["arguments"]]
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _filler(folder: Path) -> Callable[[], None]:
    """Write into a folder until its disk is full."""

    def fill() -> None:
        with (folder / FILLER).open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)

    return fill


def _use_harness(folder: Path) -> None:
    """Before anything else of the product is imported: its modules take these as constants."""
    from ioc_pipelines import home

    home.SOURCES, home.DBT_PROJECT = folder / "sources", folder / "dbt_project"
    from ioc_pipelines.catalog import contracts
    from tests.faults.two_feeds import DATASETS

    known = contracts.all_contracts
    contracts.all_contracts = lambda: {n: c for n, c in known().items() if n in DATASETS}
