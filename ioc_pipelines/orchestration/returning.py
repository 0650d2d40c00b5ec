"""A correction, landed and judged: the rows of a feedback pack that came back.

Beside the workbook its rows are landed as they were received: together they say everything, so
that a correction can be judged again from the landing alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from contracts.base import Contract
from ioc_pipelines.catalog.layouts import XlsxLayout
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import SourceFile
from ioc_pipelines.intake.agreement import PLACES, listed
from ioc_pipelines.intake.batch import batch_id
from ioc_pipelines.intake.conform import ROW_ID, Conformed, conform
from ioc_pipelines.intake.corrections import Corrected, correct
from ioc_pipelines.intake.errors import FileRefusedError, StructureMismatchError
from ioc_pipelines.intake.landing import Manifest
from ioc_pipelines.intake.legacy_text import readable
from ioc_pipelines.intake.read_batch import LETTER_SCHEMA, ReadBatch, units_of
from ioc_pipelines.intake.returned import (
    TICKET,
    Returned,
    before_correction,
    corrected,
    known_cells,
    labels_of,
    read_returned,
)
from ioc_pipelines.orchestration import failure
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.judging import (
    Attempt,
    Judgement,
    Turn,
    add_problem,
    judge_rows,
    weigh,
    written,
)
from ioc_pipelines.orchestration.marked import marked_secret
from ioc_pipelines.orchestration.places import places_of
from ioc_pipelines.orchestration.taken_keys import taken_keys
from ioc_pipelines.quality.delivery_rules import file_results

CORRECTION = "correction"
_SETTLED = "_is_settled"
PACK_LAYOUT = XlsxLayout(format="xlsx", sheet=".")
_AS_RECEIVED = ".as-received.parquet"


def take_correction(
    deployment: Deployment, entry: FeedEntry, delivery_id: str, file: SourceFile, turn: Turn
) -> Attempt:
    """Land a correction with its rows as they were received, judge it, write what came of it."""
    if marked := marked_secret(deployment, entry, [file], PACK_LAYOUT):
        return marked
    with tempfile.TemporaryDirectory(prefix="ioc-correction-") as folder:
        kept = Path(folder) / "as-received.parquet"
        _as_received(deployment, entry, file).write_parquet(kept)
        files = [file, SourceFile(file.name + _AS_RECEIVED, kept)]
        manifest = deployment.landing.land(entry.id, delivery_id, files)
    judged = weigh_kind(deployment, entry, manifest, turn, CORRECTION)
    return written(deployment, entry, judged)


def _as_received(deployment: Deployment, entry: FeedEntry, file: SourceFile) -> pl.DataFrame:
    """The rows that a pack corrects, by ``_ticket``: where they were shown, whether settled.

    None of a pack that cannot be read: why is said when it is judged.
    """
    try:
        returned = read_returned(file.path, file.name)
    except FileRefusedError:
        return known_cells([], [])
    tickets = returned.rows[TICKET].to_list()
    cells = known_cells(_refused_cells(deployment, entry, returned.batch), tickets)
    places = places_of(deployment, entry, cells[TICKET].unique())
    stood = places.group_by(pl.col("ticket").alias(TICKET), maintain_order=True).agg(
        pl.struct("source_file", "sheet", pl.col("row_number").cast(pl.String)).alias(PLACES)
    )
    settled = deployment.settled(entry.id)
    return cells.join(stood, on=TICKET, how="left", maintain_order="left").with_columns(
        pl.col(TICKET).is_in(settled.implode()).alias(_SETTLED)
    )


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
    pack = _read(deployment, entry, manifest, name)
    attempt = Attempt("accepted", {}, bytes_landed=landed)
    batch, known, found = _batch_of(deployment, entry, pack.table)
    if turn.standing == found and not turn.again:
        attempt.outcome, attempt.batch = "seen_before", deployment.ledger.batches.record(found)
        return Judgement(attempt, ReadBatch(batch, 1, letters=pack.letters))
    if pack.is_settled.any():
        attempt.detail["set_aside"] = _set_aside(pack)
        add_problem(attempt.detail, attempt.detail["set_aside"])
        pack = pack.open()
        if pack.table.is_empty():
            attempt.outcome = "already_closed"
            return Judgement(attempt, ReadBatch(None))
        batch, known, found = _batch_of(deployment, entry, pack.table)
    attempt.judged = True
    answered = pack.table.select(TICKET).with_row_index(ROW_ID).rename({TICKET: "ticket"})
    taken = _taken(deployment, entry, turn, batch, known, pack.received, answered)
    verdict = judge_rows(deployment, entry, known, found, turn, attempt, is_whole=True, taken=taken)
    # some rows are no news of the whole: the feed is as old as its last full delivery
    attempt.arrived = False
    read = ReadBatch(batch, 1, letters=pack.letters)
    return Judgement(attempt, read, verdict, answered=answered)


def read_correction(deployment: Deployment, entry: FeedEntry, manifest: Manifest) -> ReadBatch:
    """Read a landed correction, nothing judged. Raises TamperedLandingError."""
    name = readable(manifest.files[0].name)
    try:
        pack = _read(deployment, entry, manifest, name)
    except FileRefusedError as error:
        return ReadBatch(None, refused=[error])
    return ReadBatch(_conformed(deployment, entry, pack.table), 1, letters=pack.letters)


@dataclass(frozen=True)
class _Pack:
    """A pack under the columns of the source: its rows, the same as received, and where it stood.

    ``is_settled``: whose case had ended when it came.
    """

    table: pl.DataFrame
    received: pl.DataFrame
    is_settled: pl.Series
    letters: pl.DataFrame

    def open(self) -> _Pack:
        """The rows whose case was open."""
        still = ~self.is_settled
        return _Pack(
            self.table.filter(still),
            self.received.filter(still),
            self.is_settled.filter(still),
            self.letters,
        )


def _read(deployment: Deployment, entry: FeedEntry, manifest: Manifest, name: str) -> _Pack:
    contract = entry.required_contract()
    book, kept = (deployment.landing.path(entry.id, file) for file in manifest.files)
    returned = read_returned(book, name)
    if returned.feed not in (None, entry.id):
        raise StructureMismatchError(name, f"tệp phản hồi này là của nguồn {returned.feed}")
    cells = pl.read_parquet(kept)
    table = corrected(returned, cells, entry.feed, contract, name)
    received = before_correction(returned, cells, entry.feed, name)
    settled = cells.filter(_SETTLED)[TICKET] if _SETTLED in cells.columns else cells[TICKET].clear()
    is_settled = table[TICKET].is_in(settled.implode())
    return _Pack(table, received, is_settled, _letters(returned, entry, contract))


def _set_aside(pack: _Pack) -> str:
    rows = pack.table.filter(pack.is_settled)
    return (
        f"{rows.height} phiếu đã đóng (hàng {listed(rows)}): số liệu đã tiếp nhận sau đó được giữ "
        "nguyên; muốn đổi thì sửa trong tệp gốc và gửi lại cả tệp"
    )


def _batch_of(
    deployment: Deployment, entry: FeedEntry, table: pl.DataFrame
) -> tuple[Conformed, Corrected, str]:
    """The rows conformed, with known errors corrected, and the id of the batch that they are."""
    contract = entry.required_contract()
    batch = _conformed(deployment, entry, table)
    known = correct(batch, contract, entry.corrections)
    return batch, known, batch_id(entry, contract, batch, f"{CORRECTION} {known.digest}")


def _taken(
    deployment: Deployment,
    entry: FeedEntry,
    turn: Turn,
    batch: Conformed,
    known: Corrected,
    received: pl.DataFrame,
    answered: pl.DataFrame,
) -> pl.Series:
    """The ids of rows whose key was changed to one that another row was accepted with."""
    contract, hashes = entry.required_contract(), deployment.rows.hashes
    before = _conformed(deployment, entry, received)
    was, now = (hashes.of(contract, each.rows) for each in (before, batch))
    changed = batch.rows[ROW_ID].filter(was != now)
    rows = known.batch.rows.filter(pl.col(ROW_ID).is_in(changed.implode()))
    sought = rows.select(ROW_ID, hashes.of(contract, rows).alias("key_hash"))
    return taken_keys(deployment, entry, turn.seq, sought.join(answered, on=ROW_ID))


def _conformed(deployment: Deployment, entry: FeedEntry, table: pl.DataFrame) -> Conformed:
    contract = entry.required_contract()
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
