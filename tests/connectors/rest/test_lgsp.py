"""Catalogues of LGSP: metadata first, then the records; the same message again is no news (H72)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.catalog.connectors import LgspConnector
from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.connectors.difference import difference
from ioc_pipelines.connectors.fetch import fetch as fetch_feed
from ioc_pipelines.connectors.fetched import (
    Fetched,
    SourceChangedError,
    SourceFaultyError,
    Window,
)
from ioc_pipelines.connectors.rest.lgsp import fetch_lgsp, wanted_properties
from tests.connectors.rest.reaching import ENVIRONMENT, FakeTime, landed
from tests.http_server import Asked, Reply, Server, as_json, serving
from tests.intake.feeding import feed_of

CLIENT = {
    "kind": "client_credentials",
    "client_id_env": "CLIENT_ID",
    "client_secret_env": "CLIENT_SECRET",
}
COLUMNS: dict[str, Any] = {
    "name": "tenDanToc",
    "count": {"source": "soNguoi", "others": ["so_nguoi"]},
    "amount": {"source": "ghiChu", "optional": True},
}
PROPERTIES = ("maDanToc", "tenDanToc", "so_nguoi")


def metadata(*codes: str) -> list[dict[str, str]]:
    return [
        {"PropertyCode": code, "PropertyName": code.title(), "PropertyType": "string"}
        for code in codes
    ]


def records(count: int, start: int = 1) -> list[dict[str, Any]]:
    return [{"maDanToc": f"{n:02}", "tenDanToc": f"Tên {n}"} for n in range(start, start + count)]


def done(data: list[Any]) -> Reply:
    return as_json({"MSG": "Done", "Count": len(data), "Data": data})


def platform(
    category: Callable[[Asked], Reply],
    properties: Any = None,
    accepts: Callable[[str], bool] = lambda _: True,
) -> Callable[[Asked], Reply]:
    """A platform that hands out tokens and answers with the codes of LGSP, with status 200."""
    issued: list[str] = []

    def answer(asked: Asked) -> Reply:
        if asked.path == "/token":
            issued.append(f"ve-{len(issued) + 1}")
            return as_json({"access_token": issued[-1]})
        if issued and not accepts(asked.headers["authorization"].removeprefix("Bearer ")):
            return as_json({"MSG": "AUTHEN_ERROR", "Code": 100})
        if asked.path == "/dmdc/Metadata/madantoc":
            return as_json(metadata(*PROPERTIES) if properties is None else properties)
        assert asked.path == "/dmdc/Category/madantoc"
        return category(asked)

    return answer


def fetch(
    server: Server,
    folder: Path,
    cursor: Mapping[str, Any] | None = None,
    columns: Mapping[str, Any] = COLUMNS,
    layout: Mapping[str, Any] | None = None,
    **options: Any,
) -> Fetched:
    workspace = folder / f"workspace-{len(list(folder.iterdir()))}"
    workspace.mkdir()
    connector = LgspConnector.model_validate(
        {"kind": "lgsp", "url_env": "LGSP", "catalogue": "madantoc"} | options
    )
    feed = feed_of(layout or {"format": "json", "path": ["Data"]}, columns)
    environment = {"LGSP": server.url, **ENVIRONMENT}
    clock = FakeTime().clock
    return fetch_lgsp(connector, feed, environment, cursor, Window(), workspace, clock)


def refused(kind: type[Exception], server: Server, folder: Path, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        fetch(server, folder, **options)
    message = str(caught.value)
    assert message.startswith("LGSP/dmdc/Category/madantoc: ")
    for secret in (*ENVIRONMENT.values(), "ve-", "Tên 1"):
        assert secret not in message
    return message


def test_metadata_then_the_records_in_pages(tmp_path: Path) -> None:
    paging = {"kind": "page", "param": "trang", "size_param": "kichThuoc", "size": 2}
    pages = {"1": done(records(2)), "2": done(records(1, 3))}
    with serving(platform(lambda asked: pages[asked.params["trang"]])) as server:
        fetched = fetch(
            server, tmp_path, paging=paging, authentication=CLIENT, params={"agency": "H30"}
        )
    assert server.paths == [
        "/token",
        "/dmdc/Metadata/madantoc",
        "/dmdc/Category/madantoc",
        "/dmdc/Category/madantoc",
    ]
    assert server.values("agency") == [None, "H30", "H30", "H30"]
    assert landed(fetched) == {
        "page-00001.json": pages["1"].body,
        "page-00002.json": pages["2"].body,
    }
    assert {k: fetched.note[k] for k in ("requests", "pages", "records")} == {
        "requests": 4,
        "pages": 2,
        "records": 3,
    }
    assert (fetched.has_news, fetched.confirms) == (True, True)


def test_the_same_message_again_is_no_news(tmp_path: Path) -> None:
    with serving(platform(lambda _: done(records(2)))) as server:
        first = fetch(server, tmp_path)
        again = fetch(server, tmp_path, first.cursor)
    assert (first.has_news, again.has_news, again.confirms) == (True, False, True)
    assert again.cursor == first.cursor


def test_changes_are_asked_for(tmp_path: Path) -> None:
    changed = [{"tenDanToc": "Tên 1", "sua": "2026-11-20T08:00:00"}]
    changes = {"param": "tuNgay", "field": "sua"}
    with serving(platform(lambda _: done(changed))) as server:
        first = fetch(server, tmp_path, changes=changes)
        again = fetch(server, tmp_path, first.cursor, changes=changes)
    assert server.values("tuNgay") == [None, None, None, "2026-11-20T08:00:00"]
    assert (first.has_news, again.has_news) == (True, False)


def test_a_last_page_that_is_repeated_is_counted_once(tmp_path: Path) -> None:
    paging = {"kind": "page", "size": 2, "past_end": "last"}
    pages = {"1": done(records(2))}
    last = done(records(2, 3))
    with serving(platform(lambda asked: pages.get(asked.params["page"], last))) as server:
        fetched = fetch(server, tmp_path, paging=paging)
    assert list(landed(fetched)) == ["page-00001.json", "page-00002.json"]
    assert fetched.note["records"] == 4
    with serving(platform(lambda asked: pages.get(asked.params["page"], last))) as server:
        message = refused(SourceFaultyError, server, tmp_path, paging={"kind": "page", "size": 2})
    assert "page 3: the same records as page 2" in message
    assert "past_end: last" in message


def test_a_property_that_is_gone_is_named_before_anything_is_fetched(tmp_path: Path) -> None:
    properties = metadata("maDanToc", "tenDanTocs", "soNguoi")
    with serving(platform(lambda _: done(records(2)), properties)) as server:
        message = refused(SourceChangedError, server, tmp_path)
    assert (
        "metadata of madantoc: property 'tenDanToc' (nearest: tenDanTocs, maDanToc) is not there; "
        "there are maDanToc, soNguoi, tenDanTocs" in message
    )
    assert server.paths == ["/dmdc/Metadata/madantoc"]


def test_metadata_may_come_in_the_envelope(tmp_path: Path) -> None:
    wrapped = {"MSG": "Done", "Count": 3, "Data": metadata(*PROPERTIES)}
    with serving(platform(lambda _: done(records(2)), wrapped)) as server:
        assert fetch(server, tmp_path).note["records"] == 2


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ([], "0 properties, none with a PropertyCode"),
        ([{"Code": "a"}], "1 properties, none with a PropertyCode"),
        ({"a": 1}, "no MSG in the answer (fields: a)"),
        ("x", "no MSG in the answer (a text)"),
    ],
)
def test_metadata_that_is_none_is_said(tmp_path: Path, properties: Any, says: str) -> None:
    with serving(platform(lambda _: done(records(2)), properties)) as server:
        message = refused(SourceFaultyError, server, tmp_path)
    assert f"metadata of madantoc: {says}" in message
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"MSG": "AUTHEN_ERROR", "Code": 100}, "code 100: the platform does not take the token"),
        ({"MSG": "AUTHEN_ERROR"}, "code AUTHEN_ERROR: the platform does not take the token"),
        ({"MSG": "IP_DISALLOWED", "Code": "101"}, "does not know this machine's address"),
        ({"MSG": "AGENCY_ID_INCORRECT", "Code": 106}, "does not know the agency's identifier"),
        ({"MSG": "DATA_INCORRECT", "Code": 500}, "does not accept what was asked"),
        ({"MSG": "Lỗi khác", "Code": 999}, "MSG is Lỗi khác, not Done (requests"),
        ({"MSG": "Done", "Count": 2, "Data": records(1)}, "Count says 2, but 1 records came"),
        ({"MSG": "Done", "Count": 1}, "no Data in the answer (fields: MSG, Count)"),
    ],
)
@pytest.mark.parametrize("status", [200, 403])
def test_what_an_error_code_means_is_said(
    tmp_path: Path, answer: dict[str, Any], says: str, status: int
) -> None:
    with serving(platform(lambda _: as_json(answer, status))) as server:
        message = refused(SourceFaultyError, server, tmp_path)
    if status == 200:
        assert says in message
    elif "code" in says or "does not" in says:
        assert f"HTTP 403 (code {answer.get('Code', answer['MSG'])}: the platform" in message
    assert len(server.asked) == 2


@pytest.mark.parametrize("is_metadata", [True, False])
def test_a_token_that_ended_is_renewed_once(tmp_path: Path, is_metadata: bool) -> None:
    uses: list[str] = []

    def accepts(token: str) -> bool:
        uses.append(token)
        return token != "ve-1" or (not is_metadata and len(uses) == 1)

    with serving(platform(lambda _: done(records(2)), accepts=accepts)) as server:
        fetched = fetch(server, tmp_path, authentication=CLIENT)
    assert fetched.note["records"] == 2
    assert server.paths.count("/token") == 2
    with serving(platform(lambda _: done([]), accepts=lambda _: False)) as server:
        message = refused(SourceFaultyError, server, tmp_path, authentication=CLIENT)
    assert "MSG is AUTHEN_ERROR, not Done (code 100: the platform does not take" in message
    assert server.paths == ["/token", "/dmdc/Metadata/madantoc"] * 2


def test_what_a_feed_wants_of_a_catalogue() -> None:
    columns = {
        "name": {"source": "ten", "others": ["Ten"]},
        "year": {"source": "{nam}-{thang}"},
        "amount": {"source": "tien.so", "unit": "{don_vi}"},
        "count": {"source": "{ky_bao_cao}", "unit": "{nguon}"},
    }
    layout = {
        "format": "json",
        "captures": {"ky_bao_cao": {"where": "file", "pattern": "(.)"}},
    }
    feed = feed_of(layout, columns)
    assert wanted_properties(feed) == [
        ("ten", "Ten"),
        ("nam",),
        ("thang",),
        ("don_vi",),
        ("tien.so",),
        ("nguon",),
    ]
    assert wanted_properties(feed_of(layout, {"a": "^.tinh", "b": {"source": "x"}})) == [("x",)]
    optional = {"a": {"source": "x", "optional": True}, "b": "y"}
    assert wanted_properties(feed_of(layout, optional)) == [("y",)]


def test_of_a_field_inside_a_field_the_outer_one_is_the_property(tmp_path: Path) -> None:
    columns = {"name": "tenDanToc.vi"}
    with serving(platform(lambda _: done(records(2)))) as server:
        assert fetch(server, tmp_path, columns=columns).note["records"] == 2


def test_a_feed_reaches_its_catalogue_as_declared(tmp_path: Path) -> None:
    base = feed_of({"format": "json", "path": ["Data"]}, COLUMNS).model_dump(mode="json")
    connector = {"kind": "lgsp", "url_env": "LGSP", "catalogue": "madantoc"}
    feed = Feed.model_validate({**base, "late_after": "35d", "connector": connector})
    with serving(platform(lambda _: done(records(2)))) as server:
        fetched = fetch_feed(feed, {"LGSP": server.url}, None, Window(), tmp_path)
    assert fetched.note["records"] == 2


def test_a_difference_names_the_nearest_and_does_not_flood() -> None:
    assert difference("column", ["a"], []) == "column 'a' is not there; there are none"
    many = [f"cot_{n:03}" for n in range(50)]
    shown = difference("column", ["x"], many)
    assert "cot_039, … (50 in all)" in shown
    assert "cot_040" not in shown
