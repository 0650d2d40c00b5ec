"""From a source's pages over landing to a batch: each row keeps its page and place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.connectors.fetch import fetch
from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.intake.landing import Landing
from ioc_pipelines.intake.read_batch import ReadBatch, read_batch
from tests.http_server import Reply, as_json, serving
from tests.intake.feeding import FIGURES, feed_of

COLUMNS = {
    "name": "ten",
    "year": "nam",
    "amount": "tien",
    "count": {"source": "so", "optional": True},
}
LAYOUT = {"format": "json", "path": ["Data"]}


def record(number: int, **changes: Any) -> dict[str, Any]:
    return {"ten": f"Xã {number}", "nam": 2026, "tien": number / 2} | changes


def feed_over_http() -> Feed:
    connector = {
        "kind": "rest",
        "url_env": "API",
        "path": "/so-lieu",
        "paging": {"kind": "page", "size": 2},
        "envelope": {"records": "Data", "count": "Count"},
    }
    base = feed_of(LAYOUT, COLUMNS).model_dump(mode="json")
    return Feed.model_validate({**base, "late_after": "35d", "connector": connector})


def batch_of(folder: Path, pages: list[list[Any]]) -> tuple[ReadBatch, dict[str, bytes]]:
    feed = feed_over_http()
    replies = [as_json({"Data": page, "Count": len(page)}) for page in pages]
    workspace = folder / "workspace"
    workspace.mkdir()
    with serving(replies) as server:
        fetched = fetch(feed, {"API": server.url}, None, Window(), workspace)
    landing = Landing(folder / "landing")
    manifest = landing.land("so/testing/made_up", "d1", fetched.files)
    files = [(file.name, landing.path("so/testing/made_up", file)) for file in manifest.files]
    kept = {name: path.read_bytes() for name, path in files}
    sent: list[Reply] = [reply for reply, page in zip(replies, pages, strict=True) if page]
    assert list(kept.values()) == [reply.body for reply in sent]
    return read_batch(feed, FIGURES, files, {}), kept


def test_a_row_that_cannot_be_read_is_named_by_page_and_place(tmp_path: Path) -> None:
    pages = [[record(1), record(2)], [record(3), record(4, nam="không rõ")], [record(5)]]
    result, kept = batch_of(tmp_path, pages)
    assert list(kept) == ["page-00001.json", "page-00002.json", "page-00003.json"]
    assert result.batch is not None
    places = result.batch.rows.select("_file", "_sheet", "_row", "name").rows()
    assert places == [
        ("page-00001.json", "$.Data", 1, "Xã 1"),
        ("page-00001.json", "$.Data", 2, "Xã 2"),
        ("page-00002.json", "$.Data", 1, "Xã 3"),
        ("page-00002.json", "$.Data", 2, "Xã 4"),
        ("page-00003.json", "$.Data", 1, "Xã 5"),
    ]
    unread = result.batch.unreadable.join(result.batch.rows, on="_row_id")
    assert unread.select("_file", "_row", "column").rows() == [("page-00002.json", 2, "year")]


def test_an_empty_last_page_is_no_file_without_columns(tmp_path: Path) -> None:
    result, kept = batch_of(tmp_path, [[record(1), record(2)], []])
    assert list(kept) == ["page-00001.json"]
    assert (result.read, result.refused) == (1, [])
