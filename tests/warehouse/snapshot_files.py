"""Small build files made by hand, and the snapshots that are published of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.snapshots import KEPT, SnapshotManifest, publish

BEGAN = datetime(2026, 11, 20, 19, tzinfo=UTC)
KEYS = {"staging.a": ("id",), "marts.indicator": ("indicator_code",)}
TABLES = {"staging.a", "marts.indicator_value", "marts.indicator"}


def build(home: Home, values: int, *extra: str, left_out: str = "") -> Path:
    """A build file with ``values`` indicator values, as the dbt profile writes it."""
    home.build.mkdir(parents=True, exist_ok=True)
    path = home.build / "ioc.duckdb"
    path.unlink(missing_ok=True)
    statements = [
        "create schema ioc.staging",
        "create schema ioc.marts",
        "create table ioc.staging.a as select range as id from range(3)",
        "create table ioc.marts.indicator as select 'X' as indicator_code, 'Chỉ tiêu' as name_vi",
        f"create table ioc.marts.indicator_value as select 'X' as indicator_code, range::double"
        f" as value, date '2026-11-01' as period_start from range({values})",
    ]
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as ioc (storage_version 'v1.5.0')").fetchall()
        for statement in [*statements, *extra]:
            if not left_out or left_out not in statement:
                connection.execute(statement).fetchall()
        connection.execute("detach ioc").fetchall()
    return path


def name(number: int) -> str:
    return f"{BEGAN + timedelta(days=number):%Y%m%dT%H%M%S}-{number:08x}"


def put(home: Home, number: int, values: int | None = None, keep: int = KEPT) -> SnapshotManifest:
    """Build and publish snapshot ``number``."""
    build(home, number if values is None else values)
    return publish(
        home,
        snapshot_id=name(number),
        built_at=BEGAN + timedelta(days=number),
        run_id=f"run-{number}",
        dbt_hash="abc",
        expected=TABLES,
        record=lambda _: None,
        keys=KEYS,
        keep=keep,
    )


def published(home: Home) -> Path:
    return home.published / "ioc.duckdb"


def values(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        ((count,),) = connection.execute("select count(*) from marts.indicator_value").fetchall()
        return int(count)
