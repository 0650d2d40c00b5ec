"""What a feed would make of files, without landing, recording or accepting anything.

For the engineer who writes a layout: what was found where, what is not understood, and which rows
the contract would refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from contracts.base import BatchContext
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.intake.layout.table import PLACE
from ioc_pipelines.intake.names import Spellings
from ioc_pipelines.intake.read_batch import ReadBatch, read_batch
from ioc_pipelines.quality.split import Verdict, judge

_HIDDEN = "•••"


@dataclass(frozen=True)
class Rehearsal:
    """How the files would fare; ``verdict`` is None when no table was read.

    ``unreadable``: ``file, sheet, row, column, text`` of each cell that cannot be read, personal
    columns hidden. ``rules``: how many rows break which rule.
    """

    read: ReadBatch
    verdict: Verdict | None
    unreadable: pl.DataFrame
    rules: pl.DataFrame

    @property
    def would_be_accepted(self) -> bool:
        """Whether every file can be read and enough of their rows are valid."""
        return self.verdict is not None and self.verdict.is_good and not self.read.refused


def rehearse(
    entry: FeedEntry,
    files: Sequence[tuple[str, Path]],
    context: BatchContext,
    spellings: Spellings,
) -> Rehearsal:
    """Read and judge ``files`` (name and path) as a delivery of the feed would be."""
    contract = entry.required_contract()
    read = read_batch(entry.feed, contract, files, spellings)
    empty = pl.DataFrame()
    if read.batch is None:
        return Rehearsal(read, None, empty, empty)
    verdict = judge(contract, read.batch, context, entry.feed.acceptance_floor)
    rules = verdict.broken.group_by("rule", "column_name").agg(pl.len().alias("rows"))
    personal = contract.personal_columns()
    return Rehearsal(read, verdict, _unreadable(read.batch, personal), rules.sort(pl.all()))


def _unreadable(batch: Conformed, personal: Sequence[str]) -> pl.DataFrame:
    text = pl.when(pl.col("column").is_in(list(personal))).then(pl.lit(_HIDDEN)).otherwise("text")
    places = batch.rows.select(ROW_ID, *PLACE)
    return batch.unreadable.join(places, on=ROW_ID, how="left", maintain_order="left").select(
        pl.col(PLACE[0]).alias("file"),
        pl.col(PLACE[1]).alias("sheet"),
        pl.col(PLACE[2]).alias("row"),
        "column",
        text.alias("text"),
    )


def summary(rehearsal: Rehearsal) -> dict[str, Any]:
    """The rehearsal as plain values, for ``--json``."""
    read, verdict = rehearsal.read, rehearsal.verdict
    return {
        "would_be_accepted": rehearsal.would_be_accepted,
        "files_read": read.read,
        "files_refused": {error.file: error.reason for error in read.refused},
        "files_without_table": read.passed_over,
        "found": read.found,
        "rows_received": verdict.rows_received if verdict else 0,
        "rows_accepted": verdict.accepted.height if verdict else 0,
        "rows_refused": verdict.quarantined.height if verdict else 0,
        "rows_duplicate": verdict.rows_duplicate if verdict else 0,
        "rules_broken": rehearsal.rules.to_dicts(),
        "held_by": {r.rule.id: r.detail for r in verdict.holding} if verdict else {},
        "unreadable": rehearsal.unreadable.to_dicts(),
        "control_totals": read.control.height,
        "control_totals_differ": read.control.filter(~pl.col("ties")).to_dicts(),
    }
