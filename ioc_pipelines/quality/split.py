"""Split a batch into accepted, quarantined and exact duplicates; decide by its floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from contracts.base import BatchContext, Contract, Rule
from ioc_pipelines.intake.batch import duplicate_rows
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.quality.evaluate import BROKEN_SCHEMA, RuleResult, evaluate

FLOOR = Rule(
    "complete.acceptance_floor",
    None,
    "Cả lô bị trả lại vì tỷ lệ dòng hợp lệ thấp hơn ngưỡng tiếp nhận",
)
DISTINCT = Rule("clean.exact_duplicate", None, "Dòng lặp lại y hệt một dòng trước")

BatchStatus = Literal["accepted", "partly_accepted", "below_floor", "held"]


class RowsVanishedError(AssertionError):
    """received ≠ accepted + quarantined + duplicates (DESIGN, rule 1): a defect of ours."""


@dataclass(frozen=True)
class Verdict:
    """A judged batch.

    ``accepted`` and ``quarantined`` are conformed rows; ``broken`` has each broken rule of each
    quarantined row; ``results`` how every rule fared; ``holding`` those for which the batch waits
    for a person.
    """

    status: BatchStatus
    accepted: pl.DataFrame
    quarantined: pl.DataFrame
    broken: pl.DataFrame
    results: tuple[RuleResult, ...]
    rows_received: int
    rows_duplicate: int
    holding: tuple[RuleResult, ...] = ()

    @property
    def rows_accepted(self) -> int:
        """How many rows take their place if the batch is accepted."""
        return self.accepted.height

    @property
    def rows_quarantined(self) -> int:
        """How many rows are refused or held back."""
        return self.quarantined.height

    @property
    def rows_valid(self) -> int:
        """How many rows break no rule, those held back by the floor included."""
        floor_only = self.broken.filter(pl.col("rule") == FLOOR.id)
        return self.accepted.height + floor_only.height

    @property
    def is_good(self) -> bool:
        """Whether the accepted rows may take their place."""
        return self.status in ("accepted", "partly_accepted")


def judge(
    contract: type[Contract],
    batch: Conformed,
    context: BatchContext,
    floor: float,
    *,
    waived: bool = False,
) -> Verdict:
    """Judge every row that is not an exact duplicate of an earlier one.

    Below ``floor`` (share of valid rows, 0–1), when a rule holds the batch, or with no valid row at
    all, the whole batch is quarantined: the last good stays (DESIGN, rule 4). ``waived``: a person
    let the batch through in spite of floor and holding rules, which count in the scores as before.
    Raises RowsVanishedError when the counts do not add up.
    """
    duplicate = duplicate_rows(batch, contract)
    distinct = batch
    if duplicate.any():
        distinct = Conformed(batch.rows.filter(~duplicate), batch.received, batch.unreadable)
    evaluation = evaluate(contract, distinct, context)
    refused = distinct.rows[ROW_ID].is_in(evaluation.broken[ROW_ID].unique().implode())
    accepted, quarantined = distinct.rows.filter(~refused), distinct.rows.filter(refused)
    broken, holding = evaluation.broken, () if waived else evaluation.holding
    status = status_of(
        accepted.height, quarantined.height, 0 if waived else floor, held=bool(holding)
    )
    if status in ("below_floor", "held"):
        reason = FLOOR if status == "below_floor" else holding[0].rule
        broken = pl.concat([broken, held_back(accepted, reason)])
        accepted, quarantined = accepted.clear(), distinct.rows
    received, duplicates = batch.rows.height, int(duplicate.sum())
    results = (
        *evaluation.results,
        RuleResult(DISTINCT, received - duplicates, received),
    )
    if received != accepted.height + quarantined.height + duplicates:
        msg = (
            f"{contract.info().dataset}: {received} received, {accepted.height} accepted, "
            f"{quarantined.height} quarantined, {duplicates} duplicates"
        )
        raise RowsVanishedError(msg)
    return Verdict(status, accepted, quarantined, broken, results, received, duplicates, holding)


def status_of(valid: int, refused: int, floor: float, *, held: bool) -> BatchStatus:
    """What becomes of a batch with so many valid and refused rows."""
    judged = valid + refused
    if valid == 0 or valid / judged < floor:
        return "below_floor"
    if held:
        return "held"
    return "partly_accepted" if refused else "accepted"


def held_back(valid: pl.DataFrame, reason: Rule) -> pl.DataFrame:
    """The valid rows of a batch that is refused as a whole."""
    return valid.select(
        ROW_ID,
        pl.lit(reason.id).alias("rule"),
        pl.lit(reason.dimension, BROKEN_SCHEMA["dimension"]).alias("dimension"),
        pl.lit(reason.column, pl.String).alias("column_name"),
        pl.lit(reason.message_vi).alias("message_vi"),
    )
