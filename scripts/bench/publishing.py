"""Publishing, verification included, against a plain copy of the same file that is synced."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import duckdb

from ioc_pipelines.home import PUBLISHED_FILE, Home
from ioc_pipelines.warehouse.snapshots import publish
from scripts.bench.measure import alternate
from scripts.bench.report import Result

ROWS, ROUNDS = 9_000_000, 5


def run(folder: Path, *, tiny: bool) -> Result:
    """A file of about 250 MB, published and copied in turn."""
    home = Home("bench", folder / "bench")
    home.build.mkdir(parents=True)
    built = home.build / PUBLISHED_FILE
    _write(built, 10_000 if tiny else ROWS)
    numbers, (copied, source) = count(), (folder / "copy", built)

    def ours() -> None:
        publish(
            home,
            snapshot_id=f"20260101T{next(numbers):06d}-bench000",
            built_at=datetime.now(UTC),
            run_id="bench",
            dbt_hash="bench",
            expected={"staging.dossier", "marts.dossier_by_day"},
            record=lambda _: None,
        )

    def plain() -> None:
        copied.unlink(missing_ok=True)
        shutil.copyfile(source, copied)
        with copied.open("rb") as file:
            os.fsync(file.fileno())

    ours()
    plain()
    times = alternate({"publish": ours, "copy": plain}, 1 if tiny else ROUNDS)
    megabytes = built.stat().st_size / 1e6
    return Result(
        ("file, MB", "publish, s", "copy + fsync, s", "publish, s per 250 MB", "ratio"),
        [
            [
                f"{megabytes:.0f}",
                f"{times['publish']:.2f}",
                f"{times['copy']:.2f}",
                f"{times['publish'] / megabytes * 250:.2f}",
                f"{times['publish'] / times['copy']:.2f} × (at most 1 ×)",
            ]
        ],
    )


def _write(path: Path, rows: int) -> None:
    with duckdb.connect() as build:
        build.execute(f"attach '{path}' as ioc (storage_version 'v1.5.0')").fetchall()
        for schema in ("staging", "marts"):
            build.execute(f"create schema ioc.{schema}").fetchall()
        build.execute(
            "create table ioc.staging.dossier as select 'H' || lpad(i::varchar, 9, '0') as code, "
            "(i % 104)::varchar as commune_code, hash(i) as number, random() as area_m2, "
            f"date '2020-01-01' + (i % 2000)::int as day from range({rows}) as t(i)"
        ).fetchall()
        build.execute(
            "create table ioc.marts.dossier_by_day as select day, count(*) as dossiers "
            "from ioc.staging.dossier group by all"
        ).fetchall()
