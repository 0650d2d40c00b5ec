"""The evidence of refused rows: their landing, read again and set beside the quarantine (H80)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake.child.read import stored_cells
from ioc_pipelines.intake.errors import FileRefusedError
from ioc_pipelines.intake.landing import LandedFile, Manifest, TamperedLandingError
from ioc_pipelines.intake.layout.stored import CellAt, Stored
from ioc_pipelines.intake.layout.table import FILE, PLACE, ROW, SHEET
from ioc_pipelines.intake.legacy_text import readable
from ioc_pipelines.intake.read_batch import ReadBatch
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.judging import read_by, read_landed
from ioc_pipelines.orchestration.returning import CORRECTION, read_correction
from ioc_pipelines.serving.evidence import (
    NOW,
    LandedAs,
    N,
    Reading,
    ReadNow,
    Refused,
    RowEvidence,
    Told,
    assembled,
    cells_of,
    corrected_by,
    masked_columns,
    numbered,
    readings,
)
from ioc_pipelines.warehouse.cases import faults_of_rows

_WORDS: Mapping[Reading, str] = {
    "same": "the landed file reads now as it did then",
    "differs": "the landed file reads otherwise now",
    "gone": "no row is read at this place now",
    "landing_changed": "the landed bytes are no longer those that were received",
    "not_landed": "the landing has no such file",
}
_STORED_SCHEMA = {
    N: pl.UInt32,
    "column": pl.String,
    "stored": pl.String,
    "encoding": pl.String,
    "bytes": pl.String,
}


@dataclass(frozen=True)
class _Landed:
    """The landing that refused rows came from, and what its files are named in quarantine."""

    delivery: Mapping[str, Any]
    judged_by: str | None
    manifest: Manifest

    @property
    def is_correction(self) -> bool:
        return bool(self.delivery["kind"] == CORRECTION)

    def told(self, source_file: str | None) -> LandedAs | None:
        file = self.manifest.file_of(source_file)
        if file is None:
            return None
        return LandedAs(
            delivery_id=self.delivery["delivery_id"],
            landed_at=self.delivery["started_at"],
            file=readable(file.name),
            sha256=file.sha256,
            size_bytes=file.size,
        )


@dataclass(frozen=True)
class _Again:
    """What the landing is read as now: ``whole`` are the files whose bytes are those received."""

    now: ReadNow
    whole: list[LandedFile]
    refused: Mapping[str, str]


def row_evidence(
    deployment: Deployment,
    entry: FeedEntry,
    batch_id: str,
    refusals: pl.DataFrame,
    *,
    personal: bool,
) -> list[RowEvidence]:
    """The evidence of these refusals of a batch, in their order.

    ``refusals``: of ``Quarantine.refusals``, with ``status``. ``personal``: nothing is masked.
    Raises LookupError when no delivery brought the batch.
    """
    contract, feed = entry.required_contract(), entry.feed
    quarantine = deployment.rows.quarantine
    refused = Refused(
        numbered(refusals, feed, contract),
        quarantine.received(feed.dataset, batch_id),
        quarantine.conformed(feed.dataset, batch_id),
    )
    landed = _landed(deployment, entry, batch_id)
    again = _read_again(deployment, entry, landed, refused.shown)
    cells = cells_of(refused, again.now, feed)
    stored = _stored(deployment, entry, landed, again, refused.shown, cells)
    cells = cells.join(stored, on=[N, "column"], how="left", maintain_order="left")
    changed = _changed(deployment, entry, landed, batch_id)
    told = list(_told(deployment, entry, landed, again, refused, changed))
    asked = cells["column"].drop_nulls().unique().to_list()
    masked = set() if personal else masked_columns(feed, contract, asked)
    return assembled(refused.shown, cells, told, changed, masked)


def _landed(deployment: Deployment, entry: FeedEntry, batch_id: str) -> _Landed:
    known = deployment.ledger.deliveries.judged_as(batch_id)
    if known is None:
        msg = f"no delivery brought batch {batch_id}"
        raise LookupError(msg)
    delivery, judgement = known
    try:
        manifest = deployment.landing.manifest(entry.id, delivery["delivery_id"])
    except FileNotFoundError:
        manifest = Manifest(delivery_id=delivery["delivery_id"], feed=entry.id, files=())
    return _Landed(delivery, judgement.get("read_by"), manifest)


def _read_again(
    deployment: Deployment, entry: FeedEntry, landed: _Landed, shown: pl.DataFrame
) -> _Again:
    """Read the files that the refusals are of, by today's layout; a correction as a whole."""
    named = {landed.manifest.file_of(name) for name in shown[FILE].unique().to_list()}
    files = [f for f in landed.manifest.files if landed.is_correction or f in named]
    whole = [file for file in files if _is_whole(deployment, entry, file)]
    if not whole or (landed.is_correction and len(whole) < len(files)):
        return _Again(ReadNow.nothing(), whole, {})
    if landed.is_correction:
        read = read_correction(deployment, entry, landed.manifest)
    else:
        read = read_landed(deployment, entry, whole)
    reasons = {error.file: error.reason for error in read.refused}
    return _Again(_now(deployment, entry, read, shown), whole, reasons)


def _is_whole(deployment: Deployment, entry: FeedEntry, file: LandedFile) -> bool:
    try:
        deployment.landing.path(entry.id, file)
    except TamperedLandingError:
        return False
    return True


def _now(deployment: Deployment, entry: FeedEntry, read: ReadBatch, shown: pl.DataFrame) -> ReadNow:
    """Of what was read the rows at the places asked for."""
    if read.batch is None:
        return ReadNow.nothing()
    batch, places = read.batch, shown.select(PLACE).unique()
    rows = batch.rows.join(places, on=PLACE, how="semi", nulls_equal=True, maintain_order="left")
    hashes = deployment.rows.hashes.of(entry.required_contract(), rows).alias("key_hash")
    received, cells = (
        frame.join(rows, on="_row_id", how="semi") for frame in (batch.received, batch.cells)
    )
    return ReadNow(rows.with_columns(hashes), received, cells, read.letters)


def _stored(
    deployment: Deployment,
    entry: FeedEntry,
    landed: _Landed,
    again: _Again,
    shown: pl.DataFrame,
    cells: pl.DataFrame,
) -> pl.DataFrame:
    """What stands in the cells, undecoded; of none in a correction: the feed's layout is not its
    own.
    """
    if landed.is_correction or entry.feed.layout is None:
        return pl.DataFrame(schema=_STORED_SCHEMA)
    at: dict[LandedFile, dict[tuple[int, str], CellAt]] = defaultdict(dict)
    placed = cells.filter(pl.col(NOW).is_not_null() & pl.col("source").is_not_null())
    for cell in placed.join(shown.select(N, *PLACE), on=N).to_dicts():
        file = landed.manifest.file_of(cell[FILE])
        if file is not None and file in again.whole:
            sources = entry.feed.columns[cell["column"]].sources
            place = CellAt(cell[FILE], cell[SHEET], cell[ROW], sources, cell["letter"])
            at[file][cell[N], cell["column"]] = place
    rows: list[tuple[Any, ...]] = []
    for file, asked in at.items():
        path, shown_as = deployment.landing.path(entry.id, file), readable(file.name)
        limits, places = deployment.catalog.profile.reading, set(asked.values())
        try:
            found = stored_cells(entry.feed.layout, path, shown_as, places, limits)
        except FileRefusedError:
            continue  # a member that is refused, which is said of its rows
        rows += [(*key, *_bytes(found[place])) for key, place in asked.items() if place in found]
    return pl.DataFrame(rows, schema=_STORED_SCHEMA, orient="row")


def _bytes(stored: Stored) -> tuple[str, str, str]:
    return stored.text, stored.encoding, stored.bytes.hex(" ")


def _changed(deployment: Deployment, entry: FeedEntry, landed: _Landed, batch_id: str) -> list[str]:
    """What of contract and layout is another now than when the batch was judged."""
    batch = deployment.ledger.batches.get(batch_id) or {}
    then = landed.judged_by or f"contract {batch.get('contract_version')}"
    return [
        f"{was}, now {now.split()[-1]}"
        for was, now in zip(then.split(", "), read_by(entry).split(", "), strict=False)
        if was != now
    ]


def _told(
    deployment: Deployment,
    entry: FeedEntry,
    landed: _Landed,
    again: _Again,
    refused: Refused,
    changed: list[str],
) -> Iterator[Told]:
    shown = refused.shown
    ours = faults_of_rows(deployment.ledger.table("delivery", entry.id), deployment.rows)
    of_batch = ours.join(shown.select("batch_id").unique(), on="batch_id", how="semi")
    accepted_in = dict(of_batch.select("key_hash", "accepted_in").rows())
    corrected = corrected_by(refused)
    how = readings(refused, again.now, entry.feed)
    for n, name, key in shown.select(N, FILE, "key_hash").rows():
        reading, note = _reading(landed, again, name, how[n], changed)
        yield Told(landed.told(name), reading, note, accepted_in.get(key), corrected.get(n))


def _reading(
    landed: _Landed, again: _Again, name: str | None, found: Reading, changed: Iterable[str]
) -> tuple[Reading, str]:
    """How a row reads now, and what that means."""
    file = landed.manifest.file_of(name)
    if file is None:
        return "not_landed", _WORDS["not_landed"]
    if file not in again.whole:
        return "landing_changed", _WORDS["landing_changed"]
    if found == "gone" and (reason := again.refused.get(name or "")):
        return "refused", f"the file is refused by today's layout: {reason}"
    note = _WORDS[found]
    if found in ("differs", "gone"):
        since = ", ".join(changed)
        note += (
            f"; since then: {since}"
            if since
            else (
                "; contract and layout are those of then: look at the lists of names and at the "
                "program, and at what `ioc reprocess --dry-run` says"
            )
        )
    return found, note
