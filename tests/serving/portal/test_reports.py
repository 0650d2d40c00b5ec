"""Reports: what lies in the data root is listed and handed out, what is due is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from contracts.base import VIETNAM
from ioc_pipelines.home import Home
from ioc_pipelines.serving.portal import reports
from tests.serving.portal.small import CATALOG, client

REPORT_ID = "20261121T190000-00000001-0123abcd"
ADDRESS = f"/download/reports/monthly/2026-10/{REPORT_ID}"
# the monthly report of Hung Yen is due on the twelfth day after its month, by its reports.yaml
NOW = datetime(2026, 11, 20, 9, tzinfo=VIETNAM)


def make_report(home: Home) -> None:
    folder = home.reports / "monthly" / "2026-10" / REPORT_ID
    folder.mkdir(parents=True)
    names = [f"monthly-2026-10.{form}" for form in ("html", "pdf", "docx", "xlsx")]
    for name in names:
        (folder / name).write_text(f"<p>{name}</p>")
    told = {
        "report_id": REPORT_ID,
        "kind": "monthly",
        "title_vi": "Tình hình kinh tế - xã hội",
        "period": "2026-10",
        "snapshot_id": "20261121T190000-00000001",
        "as_of": "2026-11-21T19:00:00+00:00",
        "files": dict.fromkeys(names, "hash"),
        "restatements": 2,
        "figures": [{}] * 1401,
    }
    (folder / "manifest.json").write_text(json.dumps(told))
    (folder / "private.html").write_text("not in the manifest")
    (home.reports / "acceptance").mkdir()
    (home.reports / "acceptance" / "x.html").write_text("a page that is not a report")


@contextmanager
def with_a_report(root: Path) -> Iterator[TestClient]:
    with client(root) as reader:
        make_report(Home("hung_yen", root / "hung_yen"))
        yield reader


def content(root: Path) -> dict[str, Any]:
    asked = SimpleNamespace(
        snapshot=SimpleNamespace(home=Home("hung_yen", root)),
        shelf=SimpleNamespace(catalog=CATALOG),
        now=NOW,
    )
    return reports.reports(cast(Any, asked), reports.Reports())


def planned(rows: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(row["title_vi"], row["period_of"].code, row["due_on"].isoformat()) for row in rows}


def test_what_was_not_made_in_time_is_overdue_until_it_is_made(tmp_path: Path) -> None:
    october = ("Tình hình kinh tế - xã hội", "2026-10", "2026-11-12")
    november = ("Tình hình kinh tế - xã hội", "2026-11", "2026-12-12")
    before = content(tmp_path)
    assert before["made"] == []
    assert october in planned(before["overdue"])
    assert november in planned(before["coming"])
    make_report(Home("hung_yen", tmp_path))
    after = content(tmp_path)
    assert [one["period"] for one in after["made"]] == ["2026-10"]
    assert planned(before["overdue"]) - planned(after["overdue"]) == {october}
    assert planned(before["coming"]) == planned(after["coming"])


def test_a_report_is_listed_with_its_files(tmp_path: Path) -> None:
    with with_a_report(tmp_path) as reader:
        page = reader.get("/reports").text
        assert "Tình hình kinh tế - xã hội" in page
        assert "1.401" in page
        for form in ("docx", "pdf", "xlsx", "html"):
            answer = reader.get(f"{ADDRESS}/monthly-2026-10.{form}")
            assert answer.status_code == 200
            assert f'href="{ADDRESS}/monthly-2026-10.{form}"' in page
            again = {"if-none-match": answer.headers["etag"]}
            assert reader.get(answer.url.path, headers=again).status_code == 304
        opened = reader.get(f"{ADDRESS}/monthly-2026-10.html").headers
        assert opened["content-disposition"].startswith("inline")
        assert opened["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "path",
    [
        f"{ADDRESS}/private.html",
        f"{ADDRESS}/manifest.json",
        f"{ADDRESS}/monthly-2026-11.pdf",
        "/download/reports/acceptance/x.html",
        f"{ADDRESS[:-1]}e/monthly-2026-10.pdf",
        "/download/reports/..%2F..%2Fledger/2026-10/x-a-b/y.pdf",
    ],
)
def test_nothing_else_of_the_folder_is_handed_out(tmp_path: Path, path: str) -> None:
    with with_a_report(tmp_path) as reader:
        assert reader.get(path).status_code in (400, 404)
