"""Rows of ``marts.indicator_alert`` as tests tell them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

MOMENT = pl.Datetime("us", "UTC")
SCHEMA = pl.Schema(
    {
        "alert_id": pl.String,
        "indicator_code": pl.String,
        "name_vi": pl.String,
        "unit_id": pl.String,
        "unit_name": pl.String,
        "unit_level": pl.String,
        "owner_agency": pl.String,
        "scenarios": pl.String,
        "status": pl.String,
        "kind": pl.String,
        "kinds": pl.String,
        "severity": pl.String,
        "period_type": pl.String,
        "period_start": pl.Date,
        "value": pl.Float64,
        "bound": pl.Float64,
        "unit": pl.String,
        "due_on": pl.Date,
        "document": pl.String,
        "opened_at": MOMENT,
        "closed_at": MOMENT,
        "closed_reason": pl.String,
        "closed_period_type": pl.String,
        "closed_period_start": pl.Date,
        "closed_value": pl.Float64,
    }
)


def alert(name: str = "X/33/1", **changes: Any) -> dict[str, Any]:
    """An open alert about a missed target; what is given goes before."""
    told = {
        "alert_id": name,
        "indicator_code": "X",
        "name_vi": "Tỷ lệ đúng hạn",
        "unit_id": "33",
        "unit_name": "Tỉnh Hưng Yên",
        "unit_level": "province",
        "owner_agency": "so_a",
        "scenarios": "SECTOR",
        "status": "open",
        "kind": "target_missed",
        "severity": "warning",
        "period_type": "month",
        "period_start": date(2026, 10, 1),
        "value": 89.9,
        "bound": 90.0,
        "unit": "%",
        "document": "Nghị quyết 1",
        "opened_at": datetime(2026, 11, 20, 19, tzinfo=UTC),
        **changes,
    }
    return {"kinds": told["kind"], **told}


def closed(name: str = "X/33/1", **changes: Any) -> dict[str, Any]:
    """The same alert, recovered."""
    facts = {
        "status": "closed",
        "closed_at": datetime(2026, 12, 4, 19, tzinfo=UTC),
        "closed_reason": "recovered",
        "closed_period_type": "month",
        "closed_period_start": date(2026, 11, 1),
        "closed_value": 93.0,
        **changes,
    }
    return alert(name, **facts)


def frame_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA)


def file_of(path: Path, *rows: dict[str, Any]) -> Path:
    """A warehouse file with these alerts and nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.register("given", frame_of(*rows).to_arrow())
        connection.execute("create table marts.indicator_alert as from given")
    return path
