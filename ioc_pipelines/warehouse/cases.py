"""Where refused rows stand now, from the ledger and what lies in accepted and quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from ioc_pipelines.catalog.connectors import FilesConnector, SftpConnector
from ioc_pipelines.catalog.load import Catalog, FeedEntry
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.quality.cases import DELIVERY_SCHEMA, Happened, Limits, cases
from ioc_pipelines.quality.fault import delivery_faults, row_faults
from ioc_pipelines.warehouse.rows import Rows

_TAKEN = ("seq", "feed", "kind", "replays_seq", "started_at", "batch_id", "detail")


def cases_now(
    catalog: Catalog, ledger: Ledger, rows: Rows, now: datetime, feed: FeedEntry | None = None
) -> pl.DataFrame:
    """What became of each refused row, of all feeds or one: ``quality.cases.CASE_SCHEMA``."""
    dataset = feed.feed.dataset if feed else None
    refused = rows.quarantine.refusals(dataset=dataset)
    if feed is not None:
        refused = refused.filter(pl.col("feed") == feed.id)
    happened = Happened(
        deliveries=deliveries_of(
            ledger.table("delivery"), ledger.table("acceptance"), catalog.entries
        ),
        refused=refused,
        accepted=rows.accepted.keys(refused["key_hash"].drop_nulls(), dataset),
        answers=rows.quarantine.answers(dataset),
        closings=_moments(ledger.table("refused_row_closing").select("ticket", "closed_at")),
    )
    return cases(happened, limits_of(catalog), now)


def faults_now(ledger: Ledger, rows: Rows) -> dict[str, pl.DataFrame]:
    """Whose fault failed deliveries and refused rows are, to be exported for the build."""
    delivery = ledger.table("delivery")
    read_by = pl.col("detail").str.json_path_match("$.read_by").alias("read_by")
    told = delivery.select("delivery_id", "feed", "seq", "outcome", read_by)
    judged = (
        delivery.filter(pl.col("batch_id").is_not_null())
        .select(pl.coalesce("replays_seq", "seq").alias("of"), "batch_id", "feed")
        .unique()
    )
    refused = rows.quarantine.refusals().select("batch_id", "feed", "key_hash").unique()
    accepted = rows.accepted.keys(refused["key_hash"].drop_nulls())
    return {
        "delivery_fault": delivery_faults(told),
        "row_fault": row_faults(judged, refused, accepted),
    }


def limits_of(catalog: Catalog) -> Limits | None:
    """The profile's deadlines for refused rows: to verify and to fix."""
    deadlines = catalog.profile.deadlines
    if deadlines is None:
        return None
    return Limits(deadlines.verify_days + deadlines.fix_days, deadlines.conflict_days)


def deliveries_of(
    delivery: pl.DataFrame, acceptance: pl.DataFrame, entries: Iterable[FeedEntry]
) -> pl.DataFrame:
    """The deliveries that were judged, in order: ``quality.cases.DELIVERY_SCHEMA``.

    Of one that was judged again, the judgement that stands counts, else the newest. The same batch
    several times running is one.
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
    has_standing = pl.col("stands").any().over("of")
    counts = (
        pl.when(has_standing)
        .then("stands")
        .otherwise(pl.col("seq") == pl.col("seq").max().over("of"))
    )
    found = found.with_columns(counts.alias("counts")).with_columns(
        (2 * pl.col("of") + pl.col("counts").cast(pl.Int64)).alias("order"),
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
    lacks = pl.col("detail").map_elements(_lacks_files, return_dtype=pl.Boolean)
    in_set = pl.col("feed").is_in(sets) | (pl.col("feed").is_in(folders) & ~lacks)
    return ((pl.col("of_kind") == "fetch") & in_set).alias("is_full")


def _lacks_files(detail: str) -> bool:
    known: Mapping[str, Any] = json.loads(detail)
    return bool(known.get("missing_files") or known.get("refused_files"))


def _moments(frame: pl.DataFrame) -> pl.DataFrame:
    columns = [name for name in ("at", "closed_at") if name in frame.columns]
    texts = pl.col(columns).str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    return frame.with_columns(texts)
