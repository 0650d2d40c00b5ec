from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.connectors.fetch import fetch
from ioc_pipelines.connectors.fetched import Window

PERSON = {"position": "Giám đốc", "unit": "Sở"}


def feed(**changes: Any) -> Feed:
    return Feed.model_validate(
        {
            "dataset": "testing.made_up",
            "title_vi": "Thử",
            "status": {"state": "planned", "since": "2026-11-01", "reason": "Thử"},
            "classification": "internal",
            "sharing": "default",
            "cadence": "daily",
            "late_after": "26h",
            "head": PERSON,
            "focal_point": PERSON,
        }
        | changes
    )


def test_files_and_databases_are_reached_as_declared(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x", encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.executescript("CREATE TABLE t (a, b, w); INSERT INTO t VALUES (1, 2, 3);")
    environment = {"ROOT": str(tmp_path), "URL": f"sqlite:///{tmp_path / 'a.db'}"}
    files = feed(connector={"kind": "files", "root_env": "ROOT", "pattern": "*.csv"})
    taken = fetch(files, environment, None, Window(), tmp_path)
    assert [file.name for file in taken.files] == ["a.csv"]
    table = feed(
        connector={"kind": "sql", "url_env": "URL", "table": "t", "watermark": "w"},
        columns={"x": "a"},
    )
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    read = fetch(table, environment, None, Window(), workspace)
    assert pl.read_parquet(read.files[0].path).to_dicts() == [{"a": 1, "w": 3}]


def test_a_feed_without_a_connector_cannot_be_fetched(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"testing\.made_up"):
        fetch(feed(), {}, None, Window(), tmp_path)


def test_a_window_is_open_when_nothing_was_asked_for() -> None:
    assert Window().is_open
