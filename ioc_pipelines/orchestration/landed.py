"""What was landed, judged and written: at once, or in pieces where it is too large for that."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake.batch import id_of_rows
from ioc_pipelines.intake.conform import ROW_ID
from ioc_pipelines.intake.errors import FileRefusedError
from ioc_pipelines.intake.landing import Manifest
from ioc_pipelines.intake.pieces import Pieces, is_large, read_in_pieces
from ioc_pipelines.intake.read_batch import LETTER_SCHEMA, ReadBatch
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.judging import (
    GOOD,
    Attempt,
    Turn,
    complete,
    context_of,
    corrections_results,
    decision_of,
    file_detail,
    read_by,
    seen_before,
    weigh,
    written,
)
from ioc_pipelines.quality.clocks import newest_event
from ioc_pipelines.quality.delivery_rules import control_result, file_results
from ioc_pipelines.quality.split import FLOOR
from ioc_pipelines.quality.stream import StreamedVerdict, judge_pieces


def judge_landed(
    deployment: Deployment, entry: FeedEntry, manifest: Manifest, turn: Turn
) -> Attempt:
    """Judge what was landed and write what came of its rows."""
    if is_large(entry, sum(file.size for file in manifest.files)):
        try:
            return _in_pieces(deployment, entry, manifest, turn)
        except FileRefusedError:
            pass  # one that is refused is told apart from the others by who reads each whole
    return written(deployment, entry, weigh(deployment, entry, manifest, turn))


def _in_pieces(deployment: Deployment, entry: FeedEntry, manifest: Manifest, turn: Turn) -> Attempt:
    files = [(file.name, deployment.landing.path(entry.id, file)) for file in manifest.files]
    known = {file.name: file.known for file in manifest.files if file.known}
    limits, landed = deployment.catalog.profile.reading, sum(f.size for f in manifest.files)
    with tempfile.TemporaryDirectory(prefix="ioc-pieces-") as folder:
        pieces = read_in_pieces(entry, files, deployment.spellings, Path(folder), limits, known)
        return _judged(deployment, entry, pieces, turn, len(files), landed)


def _judged(
    deployment: Deployment, entry: FeedEntry, pieces: Pieces, turn: Turn, files: int, landed: int
) -> Attempt:
    contract, corrected = entry.required_contract(), pieces.corrected
    detail = file_detail(ReadBatch(corrected.batch, files, pieces.found), turn.missing)
    detail["read_by"] = read_by(entry)
    rules = file_results(files, 0, len(turn.missing)) + corrections_results(corrected, detail)
    name = id_of_rows(entry, contract, pieces.digest, corrected.digest)
    if turn.standing == name and not turn.again:
        return seen_before(deployment, name, detail, rules, landed)
    rules += control_result(0, 0)
    attempt = Attempt("accepted", detail, rules, bytes_landed=landed, judged=True)
    earlier = [
        id_of_rows(entry, contract, pieces.digest, corrected.digest, version)
        for version in deployment.approvals.versions(entry.id)
    ]
    decision = decision_of(deployment, name, earlier, attempt)
    context = context_of(deployment, contract, turn.arrived_at, turn.previous)
    floor = entry.feed.acceptance_floor
    verdict = judge_pieces(contract, pieces, context, floor, waived=decision == "waived")
    attempt.results = [*verdict.results, *attempt.results]
    whole = not turn.missing
    complete(deployment, entry, name, turn, attempt, verdict, decision, is_whole=whole)
    _write(deployment, entry, name, attempt, verdict)
    found = corrected.found
    deployment.rows.quarantine.write_corrections(contract, entry.id, name, found)
    return attempt


def _write(
    deployment: Deployment,
    entry: FeedEntry,
    name: str,
    attempt: Attempt,
    verdict: StreamedVerdict,
) -> None:
    """Write what came of the rows, each piece judged once more; note its newest event."""
    contract, rows, pieces = entry.required_contract(), deployment.rows, verdict.pieces
    of_batch = {FLOOR.id, *(result.rule.id for result in verdict.holding)}
    letters = _no_letters(entry)
    newest = []
    with (
        rows.accepted.writing(contract, entry.id, name) as accept,
        rows.quarantine.writing(contract, entry.id, name, of_batch) as refuse,
    ):
        for number, piece in verdict.verdicts():
            if verdict.is_good:
                accept(piece.accepted)
                newest.append(newest_event(contract, piece.accepted))
            sent = pieces.sent(number, piece.quarantined[ROW_ID])
            refuse(ReadBatch(sent, letters=letters), piece.quarantined, piece.broken)
    control = ReadBatch(None).control
    rows.quarantine.write_control_totals(contract, entry.id, name, control)
    if attempt.outcome in GOOD:
        attempt.newest_event = max((moment for moment in newest if moment), default=None)


def _no_letters(entry: FeedEntry) -> pl.DataFrame:
    """Columns of Parquet stand under no letter."""
    rows = [(0, name, None) for name in entry.feed.columns]
    return pl.DataFrame(rows, schema=LETTER_SCHEMA, orient="row")
