"""The marts as they were known at an earlier moment (H37), built beside what is published.

What stood then follows from the ledger: a batch counts from its acceptance until it is superseded,
and accepted rows are never deleted. Catalogue, targets, units and the models are today's.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ioc_pipelines.catalog.load import Catalog
from ioc_pipelines.home import PUBLISHED_FILE, Home
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.warehouse.build import LEDGER_EXPORTS, dbt_hash, export_tables
from ioc_pipelines.warehouse.dbt_build import dbt_build_as_of
from ioc_pipelines.warehouse.published_text import require_fit_text
from ioc_pipelines.warehouse.recorded import RECORDED, recorded_so_far
from ioc_pipelines.warehouse.snapshots import export_marts

_BUILD = "as_of_build"


class AsOfError(ValueError):
    """Nothing was known then, the moment is still to come, or the build failed."""


@dataclass(frozen=True)
class AsOf:
    """Where the file and its marts are, and from how many batches they were counted."""

    file: Path
    marts: Path
    batches: int


def build_as_of(home: Home, ledger: Ledger, catalog: Catalog, moment: datetime) -> AsOf:
    """Build ``as_of/<moment>/``: the file and its marts as Parquet, equal bytes for equal rows.

    Fetches and publishes nothing. Raises AsOfError.
    """
    if moment > datetime.now(UTC):
        msg = f"{moment.isoformat(timespec='minutes')} is still to come: name a moment before now"
        raise AsOfError(msg)
    standing = stood_at(ledger.table("acceptance"), moment)
    if standing.is_empty():
        msg = f"nothing was accepted yet at {moment.isoformat(timespec='minutes')}"
        raise AsOfError(msg)
    private = replace(home, build_name=_BUILD)
    private.prepare()
    for path in private.build.glob("*.duckdb*"):
        path.unlink()
    tables = {name: ledger.table(name) for name in LEDGER_EXPORTS}
    known = {"acceptance": standing, RECORDED: recorded_so_far(home, moment)}
    export_tables(private.build, tables | known, catalog)
    failed = [r for r in dbt_build_as_of(private, _facts(moment)) if r.failed or r.skipped]
    if failed:
        msg = "dbt models failed: " + "; ".join(f"{r.name}: {r.message}" for r in failed)
        raise AsOfError(msg)
    require_fit_text(private.build / PUBLISHED_FILE)
    folder = _laid_out(private, home.as_of / f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}")
    return AsOf(folder / PUBLISHED_FILE, folder / "marts", standing["batch_id"].n_unique())


def stood_at(acceptances: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """The ledger's ``acceptance`` as it stood at a moment: what came later is not known."""
    then = as_text(moment)
    later = pl.col("superseded_at") > then
    return acceptances.filter(pl.col("accepted_at") <= then).with_columns(
        pl.when(later).then(None).otherwise("superseded_at").alias("superseded_at")
    )


def _facts(moment: datetime) -> Mapping[str, str]:
    return {
        "IOC_SNAPSHOT_ID": "as-of",
        "IOC_RUN_ID": "as-of",
        "IOC_BUILT_AT": moment.astimezone(UTC).isoformat(),
        "IOC_DBT_HASH": dbt_hash(),
    }


def _laid_out(private: Home, folder: Path) -> Path:
    """The finished folder, in place of an earlier one of the same moment."""
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    shutil.copyfile(private.build / PUBLISHED_FILE, part / PUBLISHED_FILE)
    export_marts(part / PUBLISHED_FILE, part / "marts", in_order=True)
    shutil.rmtree(folder, ignore_errors=True)
    return part.rename(folder)
