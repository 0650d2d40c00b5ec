"""A correction, landed and judged: the rows of a feedback pack that came back.

Beside the workbook its rows are landed as they were received: together they say everything, so
that a correction can be judged again from the landing alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from contracts.base import Contract
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import SourceFile
from ioc_pipelines.intake.agreement import PLACES
from ioc_pipelines.intake.batch import batch_id
from ioc_pipelines.intake.conform import ROW_ID, Conformed, conform
from ioc_pipelines.intake.corrections import correct
from ioc_pipelines.intake.errors import FileRefusedError, StructureMismatchError
from ioc_pipelines.intake.landing import Manifest
from ioc_pipelines.intake.legacy_text import readable
from ioc_pipelines.intake.read_batch import LETTER_SCHEMA, ReadBatch, units_of
from ioc_pipelines.intake.returned import (
    TICKET,
    Returned,
    corrected,
    known_cells,
    labels_of,
    read_returned,
)
from ioc_pipelines.orchestration import failure
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.judging import Attempt, Judgement, Turn, judge_rows, weigh, written
from ioc_pipelines.orchestration.places import places_of
from ioc_pipelines.quality.delivery_rules import file_results

CORRECTION = "correction"
_AS_RECEIVED = ".as-received.parquet"


def take_correction(
    deployment: Deployment, entry: FeedEntry, delivery_id: str, file: SourceFile, turn: Turn
) -> Attempt:
    """Land a correction with its rows as they were received, judge it, write what came of it."""
    with tempfile.TemporaryDirectory(prefix="ioc-correction-") as folder:
        kept = Path(folder) / "as-received.parquet"
        _as_received(deployment, entry, file).write_parquet(kept)
        files = [file, SourceFile(file.name + _AS_RECEIVED, kept)]
        manifest = deployment.landing.land(entry.id, delivery_id, files)
    judged = weigh_kind(deployment, entry, manifest, turn, CORRECTION)
    return written(deployment, entry, judged)


def _as_received(deployment: Deployment, entry: FeedEntry, file: SourceFile) -> pl.DataFrame:
    """The rows that a pack corrects, by ``_ticket``, with the places where they were shown.

    None of a pack that cannot be read: why is said when it is judged.
    """
    try:
        returned = read_returned(file.path, file.name)
    except FileRefusedError:
        return known_cells([], [])
    tickets = returned.rows[TICKET].to_list()
    cells = known_cells(_refused_cells(deployment, entry, returned.batch), tickets)
    places = places_of(deployment, entry, cells[TICKET].unique())
    listed = places.group_by(pl.col("ticket").alias(TICKET), maintain_order=True).agg(
        pl.struct("source_file", "sheet", pl.col("row_number").cast(pl.String)).alias(PLACES)
    )
    return cells.join(listed, on=TICKET, how="left", maintain_order="left")


def _refused_cells(
    deployment: Deployment, entry: FeedEntry, first: str | None
) -> Iterator[pl.DataFrame]:
    """The refused rows of the feed's batches, as far as they are asked for.

    Those of the batch that the pack is of, then newest first.
    """
    dataset = entry.feed.dataset
    batches = deployment.ledger.table("batch", entry.id).sort("judged_at", descending=True)
    names = batches["batch_id"].to_list()
    for name in sorted(names, key=lambda name: name != first):
        cells = deployment.rows.quarantine.cells(dataset, name)
        if not cells.is_empty():
            yield cells


def weigh_kind(
    deployment: Deployment, entry: FeedEntry, manifest: Manifest, turn: Turn, kind: str
) -> Judgement:
    """``weigh`` a landed delivery of this kind; what a replay replays says the kind."""
    if kind != CORRECTION:
        return weigh(deployment, entry, manifest, turn)
    landed = sum(file.size for file in manifest.files)
    name = readable(manifest.files[0].name)
    try:
        return _weigh(deployment, entry, manifest, turn, name, landed)
    except FileRefusedError as error:
        detail = {
            "refused_files": {name: error.reason},
            "problem": str(error),
            "evidence": failure.of_files(manifest, [error]),
        }
        rules = file_results(read=0, refused=1, missing=0)
        attempt = Attempt(error.outcome, detail, rules, bytes_landed=landed)
        return Judgement(attempt, ReadBatch(None, refused=[error]))


def _weigh(
    deployment: Deployment,
    entry: FeedEntry,
    manifest: Manifest,
    turn: Turn,
    name: str,
    landed: int,
) -> Judgement:
    contract = entry.required_contract()
    table, batch, letters = _read(deployment, entry, manifest, name)
    read = ReadBatch(batch, 1, letters=letters)
    answered = table.select(TICKET).with_row_index(ROW_ID).rename({TICKET: "ticket"})
    known = correct(batch, contract, entry.corrections)
    found = batch_id(entry, contract, batch, f"{CORRECTION} {known.digest}")
    if turn.standing == found and not turn.again:
        record = deployment.ledger.batches.record(found)
        return Judgement(Attempt("seen_before", {}, batch=record, bytes_landed=landed), read)
    attempt = Attempt("accepted", {}, bytes_landed=landed, judged=True)
    verdict = judge_rows(
        deployment, entry, known, found, turn, attempt, is_whole=True, is_correction=True
    )
    # some rows are no news of the whole: the feed is as old as its last full delivery
    attempt.arrived = False
    return Judgement(attempt, read, verdict, answered=answered)


def read_correction(deployment: Deployment, entry: FeedEntry, manifest: Manifest) -> ReadBatch:
    """Read a landed correction, nothing judged. Raises TamperedLandingError."""
    name = readable(manifest.files[0].name)
    try:
        _, batch, letters = _read(deployment, entry, manifest, name)
    except FileRefusedError as error:
        return ReadBatch(None, refused=[error])
    return ReadBatch(batch, 1, letters=letters)


def _read(
    deployment: Deployment, entry: FeedEntry, manifest: Manifest, name: str
) -> tuple[pl.DataFrame, Conformed, pl.DataFrame]:
    """The rows of a pack with their tickets, conformed, and where its columns stand."""
    contract = entry.required_contract()
    book, kept = (deployment.landing.path(entry.id, file) for file in manifest.files)
    returned = read_returned(book, name)
    if returned.feed not in (None, entry.id):
        raise StructureMismatchError(name, f"tệp phản hồi này là của nguồn {returned.feed}")
    table = corrected(returned, pl.read_parquet(kept), entry.feed, contract, name)
    batch = _conformed(deployment, entry, contract, table)
    return table, batch, _letters(returned, entry, contract)


def _conformed(
    deployment: Deployment, entry: FeedEntry, contract: type[Contract], table: pl.DataFrame
) -> Conformed:
    return conform(
        table,
        entry.feed.columns,
        contract.polars_schema(),
        units_of(contract),
        deployment.spellings,
    )


def _letters(returned: Returned, entry: FeedEntry, contract: type[Contract]) -> pl.DataFrame:
    """Where each contract column stands in the pack."""
    labels = labels_of(entry.feed, contract)
    rows = [
        (0, name, returned.letters.get(labels[column.source]))
        for name, column in entry.feed.columns.items()
    ]
    return pl.DataFrame(rows, schema=LETTER_SCHEMA, orient="row")
