"""What judging a landed delivery again would change, against what stands for it.

A row is known by its place and the keyed hash of its business key; no value is shown.
"""

from __future__ import annotations

from typing import Any

import polars as pl
from pydantic import BaseModel

from contracts.base import Contract
from ioc_pipelines.intake.conform import ROW_ID
from ioc_pipelines.intake.layout.table import FILE, PLACE, ROW, SHEET
from ioc_pipelines.quality.split import Verdict
from ioc_pipelines.warehouse.rows import Rows

_ROW = (*PLACE, "key_hash")
_TYPES = (
    pl.col(FILE, SHEET, "key_hash").cast(pl.String),
    pl.col(ROW).cast(pl.Int64),
    pl.col("rules").cast(pl.List(pl.String)),
)


class Counts(BaseModel, frozen=True):
    """A judged delivery: its rows, and how many of them each rule refuses."""

    contract_version: str | None = None
    received: int = 0
    accepted: int = 0
    refused: int = 0
    duplicates: int = 0
    rules: dict[str, int] = {}


class RowAt(BaseModel, frozen=True):
    """Where a row stands, and the rules it breaks now, or broke before."""

    file: str | None
    sheet: str | None
    row: int | None
    rules: list[str]


class DeliveryChange(BaseModel, frozen=True):
    """One landed delivery: what stands for it, what it would come to, and which rows change.

    ``applies`` is whether the new judgement would take the place of what stands: a delivery that
    cannot be read any more, falls below its floor or waits for approval changes nothing.
    ``newly_refused`` rows were not refused before, ``newly_accepted`` ones not accepted; ``gone``
    counts rows that are not there any more under their old place and key.
    """

    feed: str
    delivery_id: str
    landed_at: str
    outcome: str
    problem: str | None = None
    applies: bool = False
    before: Counts = Counts()
    after: Counts = Counts()
    newly_refused: list[RowAt] = []
    newly_accepted: list[RowAt] = []
    gone: int = 0


def rows_standing(rows: Rows, dataset: str, batch_id: str) -> pl.DataFrame:
    """The judged rows of a batch on disk: ``_file, _sheet, _row, key_hash, rules``.

    ``rules`` is empty for an accepted row.
    """
    refused = (
        rows.quarantine.refusals(dataset, [batch_id])
        .rename({"source_file": FILE, "sheet": SHEET, "row_number": ROW})
        .group_by(_ROW, maintain_order=True)
        .agg(_rules())
    )
    return _judged(rows.accepted.places(dataset, batch_id), refused)


def rows_judged(rows: Rows, contract: type[Contract], verdict: Verdict) -> pl.DataFrame:
    """The same of a batch that was judged and not written."""
    broken = verdict.broken.group_by(ROW_ID).agg(_rules())
    refused = _placed(rows, contract, verdict.quarantined).join(broken, on=ROW_ID, how="left")
    return _judged(_placed(rows, contract, verdict.accepted), refused)


def rules_of_rows(judged: pl.DataFrame) -> dict[str, int]:
    """How many rows break each rule, by the rule's name with its column."""
    broken = judged.explode("rules").drop_nulls("rules")
    return dict(broken.group_by("rules").len().sort("rules").rows())


def changed_rows(before: pl.DataFrame, after: pl.DataFrame) -> dict[str, Any]:
    """``newly_refused``, ``newly_accepted`` and ``gone`` between two judgements of a delivery."""
    refused, accepted = pl.col("rules").list.len() > 0, pl.col("rules").list.len() == 0
    was_refused, was_accepted = before.filter(refused), before.filter(accepted)
    now_refused, now_accepted = after.filter(refused), after.filter(accepted)
    newly_accepted = _without(now_accepted, was_accepted).drop("rules")
    mended = newly_accepted.join(
        was_refused.unique(_ROW), on=_ROW, how="left", nulls_equal=True, maintain_order="left"
    )
    return {
        "newly_refused": _listed(_without(now_refused, was_refused)),
        "newly_accepted": _listed(mended),
        "gone": _without(before, after).height,
    }


def _judged(accepted: pl.DataFrame, refused: pl.DataFrame) -> pl.DataFrame:
    none = pl.lit([], pl.List(pl.String)).alias("rules")
    parts = [accepted.select(*_ROW, none), refused.select(*_ROW, "rules")]
    return pl.concat([part.with_columns(_TYPES) for part in parts])


def _placed(rows: Rows, contract: type[Contract], frame: pl.DataFrame) -> pl.DataFrame:
    keys = rows.hashes.of(contract, frame).alias("key_hash")
    return frame.select(ROW_ID, *PLACE, keys)


def _rules() -> pl.Expr:
    column = pl.format(" ({})", "column_name").fill_null("")
    return pl.concat_str("rule", column).unique().sort().alias("rules")


def _without(frame: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    return frame.join(other, on=_ROW, how="anti", nulls_equal=True, maintain_order="left")


def _listed(frame: pl.DataFrame) -> list[RowAt]:
    ordered = frame.sort(PLACE, maintain_order=True)
    return [
        RowAt(file=row[FILE], sheet=row[SHEET], row=row[ROW], rules=row["rules"] or [])
        for row in ordered.iter_rows(named=True)
    ]
