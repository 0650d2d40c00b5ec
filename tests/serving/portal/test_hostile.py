"""What a reader sends is data, never a command; what went wrong is said in Vietnamese."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from ioc_pipelines.home import Home
from ioc_pipelines.serving.portal import quality
from ioc_pipelines.serving.portal.app import portal
from tests.serving.portal.small import CATALOG, client, put

SQL = "ON_TIME' or 1=1 --"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/?scenario=NO", 404),
        ("/?unknown=1", 400),
        ("/?wall=2", 400),
        (f"/indicators/{SQL}", 400),
        ("/indicators/on_time", 400),
        ("/indicators/NOT_THERE", 404),
        ("/indicators/ON_TIME?kind=century", 400),
        ("/indicators/ON_TIME?start=2026-13-01", 400),
        ("/indicators/ON_TIME?unit=1;drop", 400),
        ("/indicators/ON_TIME?unit=99@2025-07-01", 404),
        ("/indicators/ON_TIME?code=HOSTILE", 200),  # the path goes before the query
        ("/batches/../../etc/passwd", 404),
        ("/batches/zz", 400),
        ("/batches/00000000", 404),
        ("/map?lon=nan&lat=1&ask=at", 400),
        ("/map?lon=1e999&lat=1&ask=at", 400),
        ("/map?ask=radius&lon=106", 400),
        ("/map?ask=radius&lon=106&lat=20&radius=-1", 400),
        ("/map?layer=map_edge", 400),
        (f"/map?ask=area&area={'[' * 20_000}", 200),
        (f"/map?ask=area&area={'1' * 30_001}", 400),
        ("/quality?agency=so_tai_chinh' --", 400),
        ("/quality?agency=khong_co", 404),
        ("/catalogue/marts/indicator_value;", 400),
        ("/catalogue/main/indicator_value", 404),
        ("/download/marts/indicator.exe", 400),
        ("/download/marts/../ledger.db", 404),
        ("/download/marts/indicator%2F..%2Fx.csv", 404),
        ("/download/marts/duckdb_settings.csv", 404),
        ("/download/information_schema/tables.csv", 404),
        ("/download/indicators/NOPE.csv", 404),
        ("/download/snapshot/manifest.json", 400),
        ("/static/../app.py", 404),
        ("/nothing", 404),
    ],
)
def test_what_is_not_offered_is_refused_with_a_page(
    reader: TestClient, path: str, status: int
) -> None:
    answer = reader.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert '<html lang="vi">' in answer.text
    assert "Traceback" not in answer.text
    if status != 200:
        assert "Không hiển thị được trang" in answer.text
        assert answer.headers["cache-control"] == "no-store"


def test_what_the_data_say_is_text_and_no_markup(reader: TestClient) -> None:
    for path in ("/?scenario=SOCIO_ECONOMIC", "/indicators/HOSTILE", "/map?indicator=HOSTILE"):
        page = reader.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_what_the_reader_says_is_text_and_no_markup(reader: TestClient) -> None:
    for path in ("/catalogue?find=<b>x</b>", "/?<i>=1", "/map?ask=unit&unit=<i>x</i>"):
        page = reader.get(path).text
        assert "<b>x" not in page
        assert "<i>" not in page


@pytest.mark.parametrize("path", ["/", "/nothing", "/healthz", "/download/ioc.duckdb"])
def test_every_answer_has_the_headers_of_security(reader: TestClient, path: str) -> None:
    headers = reader.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("path", ["/", "/healthz", "/download/ioc.duckdb"])
def test_it_can_only_be_read(reader: TestClient, path: str) -> None:
    answer = reader.post(path)
    assert answer.status_code == 405
    assert answer.headers["allow"].startswith("GET")


def test_a_page_elsewhere_cannot_borrow_a_name(tmp_path: Path) -> None:
    home = Home("hung_yen", tmp_path / "hung_yen")
    put(home)
    with TestClient(portal(home, CATALOG, ["127.0.0.1"])) as reader:
        assert reader.get("/", headers={"host": "127.0.0.1:8080"}).status_code == 200
        assert reader.get("/", headers={"host": "evil.example"}).status_code == 400


def test_before_the_first_refresh_it_says_so(tmp_path: Path) -> None:
    with client(tmp_path, published=False) as reader:
        page = reader.get("/")
        assert page.status_code == 503
        assert "Chưa có dữ liệu nào được công bố" in page.text
        assert reader.get("/healthz").status_code == 503
        put(Home("hung_yen", tmp_path / "hung_yen"))
        assert reader.get("/").status_code == 200


def test_a_defect_of_ours_tells_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "_AGENCIES", "select secret_of_ours from nowhere")
    with client(tmp_path) as reader:
        page = reader.get("/quality")
        assert page.status_code == 500
        assert "Cổng gặp lỗi" in page.text
        assert "secret_of_ours" not in page.text
        assert page.headers["x-content-type-options"] == "nosniff"
        # and is no answer that is kept
        monkeypatch.undo()
        assert reader.get("/quality").status_code == 200


def test_no_query_of_the_portal_reaches_another_file(reader: TestClient, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    own = reader.app._app  # type: ignore[attr-defined]
    page = next(route.app for route in own.routes if getattr(route, "path", "") == "/")
    with page.portal.published.current() as snapshot, snapshot.connection.cursor() as cursor:
        with pytest.raises(Exception, match=r"[Pp]ermission|disabled"):
            cursor.execute(f"from read_csv('{secret}')")
        with pytest.raises(Exception, match="read-only"):
            cursor.execute("create table marts.x as select 1")
