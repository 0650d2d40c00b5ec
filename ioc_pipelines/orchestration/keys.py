"""Names of assets and checks in Dagster."""

from __future__ import annotations

import dagster as dg

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.home import table_name

SNAPSHOT = dg.AssetKey(["published", "snapshot"])
BACKUP_GROUP = "backup"
ARCHIVE = dg.AssetKey(["backup", "archive"])
RESTORE_DRILL = dg.AssetKey(["backup", "restore_drill"])


def feed_key(entry: FeedEntry) -> dg.AssetKey:
    """``<agency>/<dataset>[/<variant>]``: the feed's id."""
    return dg.AssetKey(entry.id.split("/"))


def accepted_key(dataset: str) -> dg.AssetKey:
    """``accepted/<sector>__<dataset>``: also the dbt source."""
    return dg.AssetKey(["accepted", table_name(dataset)])


def sector(dataset: str) -> str:
    """The sector of a dataset: its group."""
    return dataset.split(".", 1)[0]
