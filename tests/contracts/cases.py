"""What a file ``tests/contracts/<sector>/<dataset>.py`` says of the contract of the same path."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from contracts.base import BatchFinding
from ioc_pipelines.catalog.contracts import all_contracts
from tests.quality.frames import ARRIVED

NOW = ARRIVED.replace(tzinfo=None)
TODAY = NOW.date()

Row = dict[str, Any]
RuleAt = tuple[str, str | None]


@dataclass(frozen=True)
class Cases:
    """A valid row; for each rule but those of emptiness, the cells that break it alone.

    ``beside``: cells of its key that make it another good row. ``at_the_limit``: cells that are
    just allowed. ``batches``: for each batch rule what it finds in rows, one of them lacking.
    Communes in force are 12001 and 12002.
    """

    valid: Row
    beside: Row
    breaks: dict[RuleAt, Row]
    at_the_limit: list[Row] = field(default_factory=list)
    batches: list[tuple[str, list[Row], BatchFinding]] = field(default_factory=list)


@cache
def all_cases() -> dict[str, Cases]:
    """The cases of every file, by dataset."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*/*.py")):
        dataset = f"{path.parent.name}.{path.stem}"
        found[dataset] = importlib.import_module(f"tests.contracts.{dataset}").CASES
    return found


def frame_of(dataset: str, *rows: Row) -> pl.DataFrame:
    """The dataset's valid row once for each of ``rows``, with the cells that these say."""
    valid = all_cases()[dataset].valid
    schema = all_contracts()[dataset].polars_schema()
    return pl.DataFrame([valid | row for row in rows], schema=schema, orient="row")
