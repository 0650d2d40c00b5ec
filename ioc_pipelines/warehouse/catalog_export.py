"""What the warehouse must know of the catalog: feeds, weights, identifier columns.

Exported as Parquet before each build, so that no SQL is ever built from it.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from contracts.base import DIMENSIONS
from ioc_pipelines.catalog.connectors import channel_of
from ioc_pipelines.catalog.load import Catalog, FeedEntry
from ioc_pipelines.catalog.models import Person, Profile
from ioc_pipelines.quality.score import identifier_columns

_CORRECTION = pl.Schema({"feed": pl.String, "correction_id": pl.String, "status": pl.String})
_FEED = pl.Schema(
    {
        "feed": pl.String,
        "agency": pl.String,
        "agency_name_vi": pl.String,
        "dataset": pl.String,
        "title_vi": pl.String,
        "status": pl.String,
        "is_active": pl.Boolean,
        "channel": pl.String,
        "cadence": pl.String,
        "late_after_s": pl.Int64,
        "precedence": pl.Int64,
        "unit_code": pl.String,
        "publishes_rows": pl.Boolean,
        "provider_vi": pl.String,
        "checker_vi": pl.String,
        "approver_vi": pl.String,
    }
)


def catalog_tables(catalog: Catalog) -> dict[str, pl.DataFrame]:
    """``feed``, ``correction``, ``scoring``, ``identifier_column``, as the models read them."""
    feeds = pl.DataFrame([_feed(entry, catalog.profile) for entry in catalog.entries], schema=_FEED)
    scoring = catalog.profile.scoring
    weights = [scoring.dimension_weights.get(dimension, 1.0) for dimension in DIMENSIONS]
    return {
        "feed": feeds,
        "correction": pl.DataFrame(
            [row for entry in catalog.entries for row in _corrections(entry)],
            schema=_CORRECTION,
            orient="row",
        ),
        "scoring": pl.DataFrame({"dimension": DIMENSIONS, "weight": weights}).with_columns(
            pl.lit(scoring.green_from).alias("green_from"),
            pl.lit(scoring.amber_from).alias("amber_from"),
            pl.lit(scoring.source).alias("source"),
        ),
        "identifier_column": pl.DataFrame(
            [
                (dataset, column)
                for dataset, contract in catalog.contracts.items()
                for column in identifier_columns(contract)
            ],
            schema={"dataset": pl.String, "column_name": pl.String},
            orient="row",
        ),
    }


def _feed(entry: FeedEntry, profile: Profile) -> dict[str, object]:
    """``precedence``: 1 goes first; null where the profile names no order.

    ``provider_vi``, ``checker_vi``, ``approver_vi``: who answers for it (H24). ``publishes_rows``:
    whether figures of single rows, and what gives them away, may be shown.
    """
    feed = entry.feed
    ordered = profile.precedence.get(feed.dataset, ())
    return {
        "feed": entry.id,
        "agency": entry.agency.code,
        "agency_name_vi": entry.agency.name_vi,
        "dataset": feed.dataset,
        "title_vi": feed.title_vi,
        "status": "withdrawn" if entry.is_withdrawn else feed.status.state,
        "is_active": entry.is_active,
        "channel": channel_of(feed.connector),
        "cadence": feed.cadence,
        "late_after_s": int(feed.late_after.total_seconds()),
        "precedence": ordered.index(entry.id) + 1 if entry.id in ordered else None,
        "unit_code": entry.agency.unit_code or profile.province_code,
        "publishes_rows": bool(entry.contract and entry.contract.info().publish == "rows"),
        "provider_vi": _position(feed.focal_point),
        "checker_vi": _position(feed.head),
        "approver_vi": _position(profile.approval.approver) if profile.approval else None,
    }


def _position(person: Person) -> str:
    """A position and its unit, as people read it."""
    return f"{person.position}, {person.unit}"


def _corrections(entry: FeedEntry) -> Iterator[tuple[str, str, str]]:
    """The register of a feed without its values."""
    for known in entry.corrections:
        yield entry.id, known.id, known.status
