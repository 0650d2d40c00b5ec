"""Where refused rows stand now, from the ledger and what lies in accepted and quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import polars as pl

from ioc_pipelines.catalog.connectors import FilesConnector, SftpConnector
from ioc_pipelines.catalog.load import Catalog, FeedEntry
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.quality.cases import (
    CASE_SCHEMA,
    DELIVERY_SCHEMA,
    ORDERS,
    Happened,
    cases,
    settled,
)
from ioc_pipelines.quality.deadlines import Limits
from ioc_pipelines.quality.fault import ROW_FAULT_SCHEMA, delivery_faults, row_faults
from ioc_pipelines.warehouse.rows import Rows

_TAKEN = ("seq", "feed", "kind", "replays_seq", "started_at", "batch_id", "detail")


def cases_now(
    catalog: Catalog, ledger: Ledger, rows: Rows, now: datetime, feed: str | None = None
) -> pl.DataFrame:
    """What became of each refused row, of all feeds or one: ``quality.cases.CASE_SCHEMA``.

    Feed by feed: what it takes of memory is what the largest takes.
    """
    limits = limits_of(catalog)
    stories = _stories(catalog, ledger, rows, feed)
    found = [cases(happened, limits, now) for happened in stories]
    return pl.concat([pl.DataFrame(schema=CASE_SCHEMA), *found])


def settled_now(catalog: Catalog, ledger: Ledger, rows: Rows, feed: str) -> pl.Series:
    """The tickets of a feed whose case has ended."""
    found = [settled(happened) for happened in _stories(catalog, ledger, rows, feed)]
    return pl.concat([pl.Series("ticket", [], dtype=pl.String), *found])


def _stories(catalog: Catalog, ledger: Ledger, rows: Rows, feed: str | None) -> Iterator[Happened]:
    """What happened with each feed that ever had a refused row, one at a time."""
    delivery, acceptance = ledger.table("delivery", feed), ledger.table("acceptance", feed)
    deliveries = deliveries_of(delivery, acceptance, catalog.entries)
    closings = _moments(ledger.table("refused_row_closing").select("ticket", "closed_at"))
    for batches in ledger.table("batch", feed).partition_by("feed", maintain_order=True):
        if batches["rows_quarantined"].sum():
            yield _happened(batches, deliveries, closings, rows)


def _happened(
    batches: pl.DataFrame, deliveries: pl.DataFrame, closings: pl.DataFrame, rows: Rows
) -> Happened:
    """What happened with one feed's ``batches``."""
    feed, dataset = batches.select("feed", "dataset").row(0)
    own = deliveries.filter(pl.col("feed") == feed)
    with_refused = batches.filter(pl.col("rows_quarantined") > 0)["batch_id"]
    refused = rows.quarantine.refusals(dataset, with_refused)
    standing = own.filter("stands").select("batch_id", "order")
    sought = refused.filter(pl.col("ticket").is_not_null())["key_hash"]
    return Happened(
        feed=feed,
        deliveries=own,
        refused=refused,
        accepted=rows.accepted.keys(dataset, standing, sought).select("order", "key_hash"),
        answers=rows.quarantine.answers(dataset, batches["batch_id"]),
        closings=closings,
    )


def faults_now(ledger: Ledger, rows: Rows) -> dict[str, pl.DataFrame]:
    """Whose fault failed deliveries and refused rows are, to be exported for the build."""
    delivery = ledger.table("delivery")
    return {
        "delivery_fault": faults_of_deliveries(delivery),
        "row_fault": faults_of_rows(delivery, rows),
    }


def faults_of_deliveries(delivery: pl.DataFrame) -> pl.DataFrame:
    """Whose fault failed deliveries are, of the ledger's table: ``DELIVERY_FAULT_SCHEMA``."""
    read_by, cause = (
        pl.col("detail").str.json_path_match(f"$.{path}").alias(path.split(".")[-1])
        for path in ("read_by", "evidence.cause")
    )
    return delivery_faults(delivery.select("delivery_id", "feed", "seq", "outcome", read_by, cause))


def faults_of_rows(delivery: pl.DataFrame, rows: Rows) -> pl.DataFrame:
    """Which refused rows of these deliveries are not their source's fault: ``ROW_FAULT_SCHEMA``."""
    judged = (
        delivery.filter(pl.col("batch_id").is_not_null())
        .select(pl.coalesce("replays_seq", "seq").alias("of"), "batch_id", "feed", "dataset")
        .unique()
        .filter(pl.len().over("of") > 1)
    )
    found = [pl.DataFrame(schema=ROW_FAULT_SCHEMA)]
    for batches in judged.partition_by("feed", maintain_order=True):
        dataset, ids = batches["dataset"][0], batches["batch_id"].unique()
        refused = rows.quarantine.refusals(dataset, ids).select("batch_id", "key_hash").unique()
        of = batches.select("of", "batch_id")
        accepted = rows.accepted.keys(dataset, of, refused["key_hash"].drop_nulls())
        found.append(row_faults(of, refused, accepted))
    return pl.concat(found)


def limits_of(catalog: Catalog) -> Limits | None:
    """The profile's deadlines for refused rows: to verify, and to fix after that."""
    deadlines = catalog.profile.deadlines
    if deadlines is None:
        return None
    fix_days = deadlines.verify_days + deadlines.fix_days
    return Limits(deadlines.verify_days, fix_days, deadlines.conflict_days)


def deliveries_of(
    delivery: pl.DataFrame, acceptance: pl.DataFrame, entries: Iterable[FeedEntry]
) -> pl.DataFrame:
    """The deliveries that were judged, in order: ``quality.cases.DELIVERY_SCHEMA``.

    Of one that was judged again, the judgement that stands counts, else the newest; what was found
    before it comes before it, and what was found since, but stands for nothing yet, behind it. The
    same batch several times running is one.
    """
    judged = delivery.select(_TAKEN).filter(pl.col("batch_id").is_not_null())
    landed = delivery.filter(pl.col("kind") != "reprocess").select(
        pl.col("seq").alias("of"),
        pl.col("kind").alias("of_kind"),
        pl.col("started_at").alias("landed_at"),
    )
    standing = acceptance.filter(pl.col("superseded_at").is_null()).select(
        pl.col("delivery_seq").alias("of"), "batch_id", pl.lit(value=True).alias("stands")
    )
    found = (
        judged.with_columns(pl.coalesce("replays_seq", "seq").alias("of"))
        .sort("seq")
        .unique(["of", "batch_id"], keep="last", maintain_order=True)
        .join(standing, on=["of", "batch_id"], how="left", maintain_order="left")
        .join(landed, on="of", maintain_order="left")
        .with_columns(pl.col("stands").fill_null(value=False))
    )
    stood = pl.col("seq").filter(pl.col("stands")).max().over("of")
    that_counts = stood.fill_null(pl.col("seq").max().over("of"))
    found = found.with_columns(
        (ORDERS * pl.col("of") + 1 + (pl.col("seq") - that_counts).sign()).alias("order"),
        _is_full(entries),
        pl.col("landed_at").alias("at"),
    )
    found = found.sort("order", "seq")
    is_same = pl.col("batch_id") == pl.col("batch_id").shift().over("feed")
    is_in_since = pl.col("stands") & ~pl.col("stands").shift().over("feed")
    found = found.filter(~(is_same & ~is_in_since).fill_null(value=False))
    return _moments(found.select(DELIVERY_SCHEMA.names()))


def _is_full(entries: Iterable[FeedEntry]) -> pl.Expr:
    """What a full delivery of the feed does not have, the source no longer sends.

    So it is with snapshots, and with folders of which no file is missing or refused.
    """
    sets = [e.id for e in entries if e.contract and e.contract.info().load_mode == "snapshot"]
    folders = [
        e.id for e in entries if isinstance(e.feed.connector, FilesConnector | SftpConnector)
    ]
    named = [f"$.{name}" for name in ("missing_files", "refused_files")]
    detail = pl.col("detail")
    lacks = pl.any_horizontal(detail.str.json_path_match(path).is_not_null() for path in named)
    in_set = pl.col("feed").is_in(sets) | (pl.col("feed").is_in(folders) & ~lacks)
    return ((pl.col("of_kind") == "fetch") & in_set).alias("is_full")


def _moments(frame: pl.DataFrame) -> pl.DataFrame:
    columns = [name for name in ("at", "closed_at") if name in frame.columns]
    texts = pl.col(columns).str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    return frame.with_columns(texts)
