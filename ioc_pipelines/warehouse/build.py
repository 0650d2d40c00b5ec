"""Prepare the private build: what is to be built, the exported ledger, the variables dbt needs.

The first build of a day begins with empty files, and so does one after a changed dbt project or a
build that did not end. A later one of the day builds again only what follows from datasets whose
accepted rows changed.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ValidationError

from ioc_pipelines.catalog.load import Catalog
from ioc_pipelines.durable import write_durably
from ioc_pipelines.home import DBT_PROJECT, Home
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.quality.cases import CASE_SCHEMA
from ioc_pipelines.quality.fault import DELIVERY_FAULT_SCHEMA, ROW_FAULT_SCHEMA
from ioc_pipelines.quality.sign_off import SIGN_OFF_SCHEMA
from ioc_pipelines.warehouse.catalog_export import catalog_tables
from ioc_pipelines.warehouse.disk import DISK, DISK_SCHEMA
from ioc_pipelines.warehouse.left_over import set_aside_unopenable
from ioc_pipelines.warehouse.recorded import RECORDED, RECORDED_SCHEMA

logger = logging.getLogger(__name__)

LEDGER_EXPORTS = (
    "acceptance",
    "alert_notification",
    "approval",
    "batch",
    "collection_round",
    "collection_round_feed",
    "complaint",
    "complaint_feed",
    "delivery",
    "indicator_alert_event",
    "report",
    "restore_drill",
    "rule_result",
    "run",
    "score",
    "snapshot",
)
DERIVED = {
    RECORDED: RECORDED_SCHEMA,
    DISK: DISK_SCHEMA,
    "refused_case": CASE_SCHEMA,
    "delivery_fault": DELIVERY_FAULT_SCHEMA,
    "row_fault": ROW_FAULT_SCHEMA,
    "sign_off_due": SIGN_OFF_SCHEMA,
}
ACCEPTED_MARK = "accepted.json"
ACCEPTANCE_PAGE = "nghiem-thu.html"
ACCEPTANCE_ERRORS = "acceptance-errors.txt"
_BUILT = "built.json"


def dbt_environment(home: Home) -> dict[str, str]:
    """Environment variables that the dbt project reads its paths from."""
    return {
        "IOC_BUILD": str(home.build),
        "IOC_ACCEPTED": str(home.accepted),
        "IOC_QUARANTINE": str(home.quarantine),
    }


class Built(BaseModel, frozen=True):
    """What the build files hold: by which project, begun empty on which day, from which rows.

    ``datasets``: of each a hash of its accepted batches, and which feed goes before which.
    """

    dbt_hash: str
    whole_on: date
    datasets: dict[str, str]


@dataclass(frozen=True)
class BuildPlan:
    """What a build is to make: all when ``changed`` is None, else what these datasets feed."""

    becomes: Built
    changed: tuple[str, ...] | None


def start_build(
    home: Home,
    ledger: Ledger,
    catalog: Catalog,
    today: date,
    facts: Mapping[str, pl.DataFrame] | None = None,
) -> BuildPlan:
    """Decide what to build, make the files ready for it, export the ledger and the catalog.

    ``facts`` are tables that follow from the ledger and the rows, exported beside it: those of
    ``DERIVED``; one that is not given is empty.
    """
    aside = set_aside_unopenable(home.build)
    if aside:
        (home.build / _BUILT).unlink(missing_ok=True)
        logger.warning("cannot be opened, set aside and built anew: %s", aside[0].parent)
    plan = _plan(home, ledger, catalog, today)
    # until it is done, what the files hold is nothing to build upon, nor is it accepted
    for name in (ACCEPTED_MARK, ACCEPTANCE_PAGE, ACCEPTANCE_ERRORS, _BUILT):
        (home.build / name).unlink(missing_ok=True)
    for path in home.build.glob("*.duckdb*") if plan.changed is None else ():
        path.unlink()
    tables = {name: ledger.table(name) for name in LEDGER_EXPORTS}
    export_tables(home.build, {**tables, **(facts or {})}, catalog)
    return plan


def export_tables(build: Path, known: Mapping[str, pl.DataFrame], catalog: Catalog) -> None:
    """Write what the models read beside accepted rows: of the ledger, derived, of the catalog."""
    derived = {name: pl.DataFrame(schema=schema) for name, schema in DERIVED.items()}
    for name, table in {**derived, **known}.items():
        _export(build / "ledger" / f"{name}.parquet", table)
    for name, table in catalog_tables(catalog).items():
        _export(build / "catalog" / f"{name}.parquet", table)


def _export(path: Path, table: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, buffer.getvalue())


def end_build(home: Home, plan: BuildPlan) -> None:
    """Note what a build that succeeded has made."""
    write_durably(home.build / _BUILT, plan.becomes.model_dump_json(indent=1).encode())


def _plan(home: Home, ledger: Ledger, catalog: Catalog, today: date) -> BuildPlan:
    order = catalog.profile.precedence
    accepted = {
        name: " ".join([ledger.acceptances.hash_of(name), *order.get(name, ())])
        for name in sorted(catalog.contracts)
    }
    project, path = dbt_hash(), home.build / _BUILT
    before = _before(path)
    if before is None or (before.dbt_hash, before.whole_on) != (project, today):
        return BuildPlan(Built(dbt_hash=project, whole_on=today, datasets=accepted), None)
    changed = tuple(name for name in accepted if accepted[name] != before.datasets.get(name))
    return BuildPlan(before.model_copy(update={"datasets": accepted}), changed)


def _before(path: Path) -> Built | None:
    """What the files hold; None when they were not finished, or the note of it is damaged."""
    try:
        return Built.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def dbt_hash(project: Path = DBT_PROJECT) -> str:
    """Hash of the dbt project's own files: which logic a snapshot was built by."""
    digest = hashlib.sha256()
    for path in sorted(project.rglob("*")):
        if path.suffix in {".sql", ".yml", ".csv"} and "target" not in path.parts:
            digest.update(path.relative_to(project).as_posix().encode() + b"\x00")
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
