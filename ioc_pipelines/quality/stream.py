"""A batch in pieces, judged as ``quality.split.judge`` judges one that is held at once.

What no row can be judged by alone is found of all pieces first: exact duplicates and shared keys
among the few rows that share a hash, rules about the batch on the columns that they look at. Then
each piece is judged for itself. ``tests/quality/test_stream.py`` holds both to the same verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from contracts.base import BatchContext, BatchFinding, BatchRule, Contract, Rule
from ioc_pipelines.intake.batch import duplicate_rows
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.intake.pieces import Pieces, conformed_rows
from ioc_pipelines.quality.evaluate import (
    RuleResult,
    batch_finding,
    broken_rules,
    failing_rows,
    not_alone,
    results_of,
    unique_names,
    unique_rules,
    unread_cells,
)
from ioc_pipelines.quality.known_errors import KNOWN_ERROR, with_dropped
from ioc_pipelines.quality.split import (
    DISTINCT,
    FLOOR,
    BatchStatus,
    RowsVanishedError,
    Verdict,
    held_back,
    status_of,
)


@dataclass(frozen=True)
class _Whole:
    """What was found of all pieces together: ids."""

    duplicate: pl.Series
    again: Mapping[tuple[str, ...], pl.Series]
    findings: list[tuple[BatchRule, BatchFinding]]
    refused_by_batch: list[tuple[Rule, pl.Series]]


@dataclass(frozen=True)
class StreamedVerdict:
    """The verdict on a batch in pieces; ``verdicts`` gives the rows, piece by piece.

    The counts and results are those of the whole, the rows that the register drops included.
    """

    contract: type[Contract]
    pieces: Pieces
    whole: _Whole
    context: BatchContext
    status: BatchStatus
    results: tuple[RuleResult, ...]
    holding: tuple[RuleResult, ...]
    rows_received: int
    rows_duplicate: int
    rows_valid: int
    rows_accepted: int

    @property
    def rows_quarantined(self) -> int:
        """How many rows are refused or held back."""
        return self.rows_received - self.rows_duplicate - self.rows_accepted

    @property
    def is_good(self) -> bool:
        """Whether the accepted rows may take their place."""
        return self.status in ("accepted", "partly_accepted")

    def verdicts(self) -> Iterator[tuple[int, Verdict]]:
        """The number and the verdict of each piece, under the status of the whole."""
        for number in range(len(self.pieces.parts)):
            yield number, self._of(number)

    def _of(self, number: int) -> Verdict:
        judged = _judged(self.contract, self.pieces, number, self.whole, self.context)
        accepted, quarantined, broken = judged.accepted, judged.quarantined, judged.broken
        if not self.is_good:
            reason = FLOOR if self.status == "below_floor" else self.holding[0].rule
            broken = pl.concat([broken, held_back(accepted, reason)])
            accepted, quarantined = accepted.clear(), judged.rows
        verdict = Verdict(
            self.status, accepted, quarantined, broken, (), judged.received, judged.duplicates
        )
        return with_dropped(verdict, self._dropped(number))

    def _dropped(self, number: int) -> pl.DataFrame:
        part, dropped = self.pieces.parts[number], self.pieces.corrected.dropped
        last = part.first_id + part.rows
        return dropped.filter(pl.col(ROW_ID).is_between(part.first_id, last, closed="left"))


@dataclass(frozen=True)
class _Judged:
    """One piece: ``rows`` are those that are no exact duplicates."""

    rows: pl.DataFrame
    accepted: pl.DataFrame
    quarantined: pl.DataFrame
    broken: pl.DataFrame
    parts: list[tuple[Rule, pl.Series]]
    received: int
    duplicates: int


def judge_pieces(
    contract: type[Contract],
    pieces: Pieces,
    context: BatchContext,
    floor: float,
    *,
    waived: bool = False,
) -> StreamedVerdict:
    """Judge every row that is not an exact duplicate of an earlier one, as ``judge`` does.

    Raises RuleDidNotRunError when a rule gives no verdict, and RowsVanishedError when the counts do
    not add up.
    """
    whole = _found_of_all(contract, pieces, context)
    passed: dict[tuple[Rule, int], int] = {}
    judged, valid, refused, received, duplicates = 0, 0, 0, 0, 0
    for number in range(len(pieces.parts)):
        piece = _judged(contract, pieces, number, whole, context)
        judged += piece.rows.height
        valid += piece.accepted.height
        refused += piece.quarantined.height
        received += piece.received
        duplicates += piece.duplicates
        for place, (rule, failing) in enumerate(piece.parts):
            broken = passed.get((rule, place), 0) + failing.len()
            passed[rule, place] = broken
    dropped = pieces.corrected.dropped.height
    if (
        received + dropped != pieces.rows_received
        or received != valid + refused + duplicates
        or duplicates != whole.duplicate.len()
    ):
        msg = (
            f"{contract.info().dataset}: {pieces.rows_received} received, {valid} valid, {refused} "
            f"refused, {duplicates} duplicates, {dropped} dropped"
        )
        raise RowsVanishedError(msg)
    said, holding = results_of(whole.findings)
    holding = () if waived else holding
    status = status_of(valid, refused, 0 if waived else floor, held=bool(holding))
    results = [RuleResult(rule, judged - broken, judged) for (rule, _), broken in passed.items()]
    results += [*said, RuleResult(DISTINCT, received - duplicates, received)]
    if dropped:
        results.append(RuleResult(KNOWN_ERROR, received, received + dropped))
        status = "partly_accepted" if status == "accepted" else status
    is_good = status in ("accepted", "partly_accepted")
    return StreamedVerdict(
        contract=contract,
        pieces=pieces,
        whole=whole,
        context=context,
        status=status,
        results=tuple(results),
        holding=holding,
        rows_received=received + dropped,
        rows_duplicate=duplicates,
        rows_valid=valid,
        rows_accepted=valid if is_good else 0,
    )


def _judged(
    contract: type[Contract],
    pieces: Pieces,
    number: int,
    whole: _Whole,
    context: BatchContext,
) -> _Judged:
    sent = pieces.rows(number)
    rows = sent.filter(~pl.col(ROW_ID).is_in(whole.duplicate.implode()))
    ids = rows[ROW_ID]
    batch = Conformed(rows, rows.select(ROW_ID), pieces.unreadable(number))
    again = {names: ids.is_in(shared.implode()) for names, shared in whole.again.items()}
    parts = failing_rows(contract, contract.schema(context), batch, again)
    of_batch = [(rule, ids.filter(ids.is_in(b.implode()))) for rule, b in whole.refused_by_batch]
    broken = broken_rules([*parts, *of_batch])
    refused = ids.is_in(broken[ROW_ID].unique().implode())
    return _Judged(
        rows,
        rows.filter(~refused),
        rows.filter(refused),
        broken,
        parts,
        sent.height,
        sent.height - rows.height,
    )


def _found_of_all(contract: type[Contract], pieces: Pieces, context: BatchContext) -> _Whole:
    schema, key = contract.schema(context), contract.info().key
    some = _some(contract, pieces, pieces.shared_ids(key))
    duplicate = some.rows.filter(duplicate_rows(some, contract))[ROW_ID]
    again = {}
    for names in {unique_names(rule, schema) for rule in unique_rules(schema)}:
        same = some if names == tuple(key) else _some(contract, pieces, pieces.shared_ids(names))
        rows = same.rows.filter(~pl.col(ROW_ID).is_in(duplicate.implode()))
        unread = unread_cells(same.unreadable, rows[ROW_ID])
        again[names] = rows[ROW_ID].filter(not_alone(rows, names, unread))
    findings, refused = [], []
    for judged in contract.batch_rules():
        frame, ids = _seen(contract, pieces, judged, duplicate)
        finding = batch_finding(contract, judged, frame, context)
        findings.append((judged, finding))
        if finding.rows is not None:
            refused.append((judged.rule, ids.filter(finding.rows)))
    return _Whole(duplicate, again, findings, refused)


def _some(contract: type[Contract], pieces: Pieces, ids: pl.Series) -> Conformed:
    """These rows of all pieces."""
    mine = pl.col(ROW_ID).is_in(ids.implode())
    rows = pieces.all_rows().filter(mine).select(conformed_rows(contract))
    unreadable = pieces.all_unreadable().filter(mine)
    found = rows.collect(engine="streaming").sort(ROW_ID)
    return Conformed(found, found.select(ROW_ID), unreadable.collect(engine="streaming"))


def _seen(
    contract: type[Contract], pieces: Pieces, judged: BatchRule, duplicate: pl.Series
) -> tuple[pl.DataFrame, pl.Series]:
    """What a rule about the batch looks at of all rows that are no duplicates, and their ids."""
    names = contract.polars_schema().names()
    sees = names if judged.sees is None else [name for name in names if name in judged.sees]
    rows = pieces.all_rows().select(ROW_ID, *sees)
    found = rows.filter(~pl.col(ROW_ID).is_in(duplicate.implode())).collect()
    return found.drop(ROW_ID), found[ROW_ID]
