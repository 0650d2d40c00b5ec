"""One command of the product in this process, to be killed at a named point if that is ordered."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def run(order: dict[str, Any]) -> int:
    """Run ``ioc`` with the order's arguments; returns its exit code.

    ``harness``: the folder of the two-feed harness, whose sources, dbt project and datasets take
    the place of the project's own; ``point``: where it is to die.
    """
    if folder := order.get("harness"):
        _use_harness(Path(folder))
    from ioc_pipelines import cli

    if name := order.get("point"):
        from tests.faults.points import POINTS

        POINTS[name].arm()
    sys.argv[:] = ["ioc", *order["arguments"]]
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _use_harness(folder: Path) -> None:
    """Before anything else of the product is imported: its modules take these as constants."""
    from ioc_pipelines import home

    home.SOURCES, home.DBT_PROJECT = folder / "sources", folder / "dbt_project"
    from ioc_pipelines.catalog import contracts
    from tests.faults.two_feeds import DATASETS

    known = contracts.all_contracts
    contracts.all_contracts = lambda: {n: c for n, c in known().items() if n in DATASETS}
