"""Fetch from a scripted server, by a clock that does not wait."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.catalog.connectors import RestConnector
from ioc_pipelines.connectors.fetched import Fetched, Window
from ioc_pipelines.connectors.rest.clock import Clock
from ioc_pipelines.connectors.rest.fetch import fetch_rest
from tests.http_server import Reply, Server, as_json

TOKEN = "bi-mat-tuyet-doi"
SECRET_VALUE = "Nguyễn Văn Kín"
ENVIRONMENT = {"TOKEN": TOKEN, "CLIENT_ID": "trung-tam-ioc", "CLIENT_SECRET": "khoa-rat-kin"}
NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)  # 12:00 in Viet Nam


class FakeTime:
    """A clock that moves when somebody waits."""

    def __init__(self, now: datetime = NOON) -> None:
        self.slept: list[float] = []
        self.passed = 1_000.0
        self.clock = Clock(lambda: now, lambda: self.passed, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds


def connector(**options: Any) -> RestConnector:
    return RestConnector.model_validate(
        {"kind": "rest", "url_env": "API", "path": "/ho-so"} | options
    )


def fetch(
    server: Server,
    folder: Path,
    cursor: Mapping[str, Any] | None = None,
    window: Window | None = None,
    clock: Clock | None = None,
    **options: Any,
) -> Fetched:
    workspace = folder / f"workspace-{len(list(folder.iterdir()))}"
    workspace.mkdir()
    return fetch_rest(
        connector(**options),
        {"API": server.url, **ENVIRONMENT},
        cursor,
        window or Window(),
        workspace,
        clock or FakeTime().clock,
    )


def refused(
    kind: type[Exception], server: Server, folder: Path, clock: Clock | None = None, **options: Any
) -> str:
    """The message that a fetch fails with; no secret and no value of a record stands in it."""
    with pytest.raises(kind) as caught:
        fetch(server, folder, clock=clock, **options)
    assert type(caught.value) is kind or kind.__name__ == "SourceFaultyError"
    message = str(caught.value)
    for secret in (*ENVIRONMENT.values(), SECRET_VALUE, "127.0.0.1", str(server.port)):
        assert secret not in message
    assert "pages" in message
    return message


def landed(fetched: Fetched) -> dict[str, bytes]:
    return {file.name: file.path.read_bytes() for file in fetched.files}


def rows(count: int, start: int = 1) -> list[dict[str, Any]]:
    return [{"id": n, "name": SECRET_VALUE} for n in range(start, start + count)]


def page(records: Sequence[Any], **around: Any) -> Reply:
    """A page in an envelope."""
    return as_json({"items": list(records), **around})


def with_headers(reply: Reply, **headers: str) -> Reply:
    given = {name.replace("_", "-"): said for name, said in headers.items()}
    return replace(reply, headers={**reply.headers, **given})


def records_of(fetched: Fetched, path: str | None = None) -> list[Any]:
    trees = [json.loads(body) for body in landed(fetched).values()]
    return [record for tree in trees for record in (tree[path] if path else tree)]
