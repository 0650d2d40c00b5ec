"""How the tests of this folder fetch a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ioc_pipelines.catalog.connectors import SqlConnector
from ioc_pipelines.connectors.fetched import Fetched, Window
from ioc_pipelines.connectors.sql import fetch_sql

Fetch = Callable[..., Fetched]


def fetching(url: str, workspace: Path) -> Fetch:
    """Fetch from ``url``: the columns, then anything of the connector."""
    workspace.mkdir(exist_ok=True)

    def fetch(
        columns: Collection[str],
        *,
        cursor: Mapping[str, Any] | None = None,
        window: Window | None = None,
        **connector: Any,
    ) -> Fetched:
        declared = SqlConnector(kind="sql", url_env="AGENCY_URL", **connector)
        return fetch_sql(
            declared, columns, {"AGENCY_URL": url}, cursor, window or Window(), workspace
        )

    return fetch


def frame(fetched: Fetched) -> pl.DataFrame:
    """The rows of a delivery."""
    assert len(fetched.files) == 1
    return pl.read_parquet(fetched.files[0].path)
