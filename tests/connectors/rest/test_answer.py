"""What comes with status 200 and is not the source's records is refused, and said without them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ioc_pipelines.catalog.connectors import Envelope
from ioc_pipelines.connectors.fetched import SourceFaultyError
from ioc_pipelines.connectors.rest import changes
from tests.connectors.rest.reaching import (
    SECRET_VALUE,
    TOKEN,
    fetch,
    records_of,
    refused,
    rows,
)
from tests.http_server import Reply, as_json, serving

FULL = {
    "records": "data.items",
    "status": "status.code",
    "ok": [0, "OK"],
    "count": "data.count",
    "message": "status.text",
    "errors": {"E7": "the catalogue is closed: ask the agency"},
}


def enveloped(
    items: Any, count: Any = None, code: Any = 0, text: Any = "", **data: Any
) -> dict[str, Any]:
    counted = len(items) if count is None and isinstance(items, list) else count
    return {
        "status": {"code": code, "text": text},
        "data": {"items": items, "count": counted, **data},
    }


def faulty(folder: Path, reply: Reply, **options: Any) -> str:
    """The message of a fetch whose second page is ``reply``; it is asked for once."""
    first = as_json(enveloped(rows(1))) if "envelope" in options else as_json(rows(1))
    paging = {"kind": "page", "size": 1}
    with serving([first, reply]) as server:
        message = refused(SourceFaultyError, server, folder, paging=paging, **options)
    assert len(server.asked) == 2
    assert message.startswith("API/ho-so: page 2: ")
    return message


def html(body: str, content_type: str) -> Reply:
    return Reply(body.encode(), headers={"Content-Type": content_type})


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/json", ""])
def test_a_page_in_place_of_data_is_named_by_its_title(tmp_path: Path, content_type: str) -> None:
    body = f"\n <!DOCTYPE html><TITLE>\n Bảo trì &amp; \n{TOKEN} </TITLE><p>{SECRET_VALUE}"
    message = faulty(
        tmp_path,
        html(body, content_type),
        authentication={"kind": "static", "token_env": "TOKEN"},
    )
    assert "not JSON but a page or XML titled 'Bảo trì & …'" in message
    assert f"({len(body.encode())} bytes of {content_type or 'no content type'})" in message
    assert "the address is another service's" in message


def test_a_page_without_a_title_is_a_page(tmp_path: Path) -> None:
    assert "a page or XML (6 bytes" in faulty(tmp_path, html("<xml/>", "text/xml"))
    assert "a page or XML (2 bytes" in faulty(tmp_path, html("[]", "text/html"))


WHOLE = json.dumps(rows(3), ensure_ascii=False)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (WHOLE[:-9].encode(), f"character {WHOLE.rindex(SECRET_VALUE[0:3]) - 1} of"),
        (b"", "Expecting value, character 0 of 0 (0 bytes"),
        (b'{"a": 1} {"b": 2}', "Extra data, character 9 of 17"),
        (b"[1, NaN]", "not JSON: NaN"),
        (b"[" + b"9" * 5_000 + b"]", "not JSON: a number too long"),
        (b"[" * 200_000, "nested too deep"),
        (b'[{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "nested too deep"),
        (WHOLE.encode("utf-16"), "not UTF-8 at byte 0"),
        ('[{"a": 1}]'.encode("utf-16-le"), "not whole, or not JSON"),
        ('[{"ten": "Hưng Yên"}]'.encode("cp1258", "replace"), "not UTF-8 at byte 11"),
    ],
)
def test_what_is_not_json_in_utf8_is_named_by_where_it_breaks(
    tmp_path: Path, body: bytes, says: str
) -> None:
    message = faulty(tmp_path, Reply(body))
    assert says in message
    assert f"{len(body)} bytes of application/json" in message


def test_a_record_nested_to_the_brink_does_not_crash(tmp_path: Path) -> None:
    """Somewhere the parser reads what is too deep for what comes after it."""
    outcomes = []
    for depth in range(850, 1_000, 10):
        body = b'[{"d": "x", "a": ' + b'{"a": ' * depth + b"1" + b"}" * depth + b"}]"
        with serving([Reply(body)]) as server:
            try:
                fetch(server, tmp_path, changes={"param": "tu", "field": "d"})
                outcomes.append("taken")
            except SourceFaultyError as error:
                outcomes.append("too deep" if "nested too deep" in str(error) else str(error))
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {"taken", "too deep"}


def test_what_is_too_deep_after_parsing_is_faulty_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_deep(_: object) -> bytes:
        raise RecursionError

    monkeypatch.setattr(changes, "record_hash", too_deep)
    with serving([as_json(rows(1))]) as server:
        options = {"changes": {"param": "tu", "field": "d"}}
        message = refused(SourceFaultyError, server, tmp_path, **options)
    assert "a record is nested too deep (requests 1, pages 1" in message


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ({"items": rows(1)}, "at the top stands an object, not a list of records (fields: items)"),
        ({SECRET_VALUE: 1, "079": 2}, "at the top stands an object, not a list of records (an obj"),
        (None, "at the top stands null"),
        (SECRET_VALUE, "at the top stands a text"),
        ([{"a": 1}, SECRET_VALUE], "record 2 at the top is a text, not an object"),
        ([[1]], "record 1 at the top is a list, not an object"),
    ],
)
def test_the_wrong_shape_is_named_without_values(tmp_path: Path, tree: Any, says: str) -> None:
    assert says in faulty(tmp_path, as_json(tree))


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ([], "no status.code in the answer (a list)"),
        ({"status": {}}, "no status.code in the answer (fields: status)"),
        ({"status": {"code": 0}, "data": {}}, "no data.items in the answer (fields: status, data)"),
        (enveloped({"a": 1}), "at data.items stands an object, not a list of records (fields: a)"),
        (enveloped(None), "at data.items stands null"),
        (enveloped(rows(2), count=3), "data.count says 3, but 2 records came"),
        (enveloped(rows(2), count="0"), "data.count says 0, but 2 records came"),
        (enveloped(rows(2), count=True), "at data.count stands a truth"),
        (enveloped(rows(2), count=-1), "at data.count stands a number, not a number of records"),
        (enveloped(rows(2), count="hai"), "at data.count stands a text"),
        (enveloped(rows(1), code=1), "status.code is 1, not 0 or OK"),
        (enveloped(rows(1), code=None), "status.code is None, not 0 or OK"),
        (enveloped(rows(1), code=False), "status.code is False, not 0 or OK"),
        (enveloped([], code={"x": SECRET_VALUE}), "status.code is an object, not 0 or OK"),
    ],
)
def test_an_envelope_that_does_not_agree_is_refused(tmp_path: Path, tree: Any, says: str) -> None:
    assert says in faulty(tmp_path, as_json(tree), envelope=FULL)


@pytest.mark.parametrize("total", [None, "x", True, 1.5])
def test_a_total_that_is_none_is_refused(tmp_path: Path, total: Any) -> None:
    envelope = {**FULL, "total": "data.total"}
    with serving([as_json(enveloped(rows(1), total=total))]) as server:
        message = refused(SourceFaultyError, server, tmp_path, envelope=envelope)
    assert "page 1: at data.total stands" in message


def test_an_error_of_the_source_is_explained_in_the_feeds_words(tmp_path: Path) -> None:
    said = "Danh mục  đã đóng " + "x" * 300
    reply = as_json(enveloped([], code="E7", text=said))
    message = faulty(tmp_path, reply, envelope=FULL)
    assert "status.code is E7, not 0 or OK (code E7: the catalogue is closed: ask" in message
    assert 'the source says "Danh mục đã đóng xxx' in message
    assert len(message) < 400
    code = as_json({"status": {"code": "FAIL"}, "loi": {"ma": "e7"}}, status=409)
    message = faulty(tmp_path, code, envelope={**FULL, "code": "loi.ma"})
    assert "HTTP 409 (code E7: the catalogue is closed: ask the agency)" in message


@pytest.mark.parametrize("ok", [0, "0", "ok", "OK"])
def test_an_envelope_that_agrees_is_taken(tmp_path: Path, ok: Any) -> None:
    with serving([as_json(enveloped(rows(2), count="2", code=ok))]) as server:
        fetched = fetch(server, tmp_path, envelope=FULL)
    assert fetched.note["records"] == 2


def test_null_records_that_are_counted_as_none_are_none(tmp_path: Path) -> None:
    replies = [as_json(enveloped(rows(1))), as_json(enveloped(None, count=0))]
    with serving(replies) as server:
        fetched = fetch(server, tmp_path, envelope=FULL, paging={"kind": "page", "size": 1})
    assert fetched.note["records"] == 1


def test_a_field_whose_name_holds_dots_is_found(tmp_path: Path) -> None:
    answer = {"@odata.count": 1, "value": rows(1)}
    with serving([as_json(answer)]) as server:
        envelope = {"records": "value", "count": "@odata.count"}
        fetched = fetch(server, tmp_path, envelope=envelope)
    assert records_of(fetched, "value") == rows(1)


def test_an_envelope_says_both_where_the_status_is_and_what_it_should_be() -> None:
    with pytest.raises(ValidationError, match="both or neither"):
        Envelope(status="code")
    with pytest.raises(ValidationError, match="both or neither"):
        Envelope(ok=("Done",))


def test_vxp_is_an_envelope_in_the_feed(tmp_path: Path) -> None:
    """A14: the axis wraps its answers in a way that each province configures."""
    envelope = {
        "records": "body.data",
        "status": "header.errorCode",
        "ok": ["00"],
        "total": "body.totalRecord",
        "message": "header.errorDesc",
        "errors": {"05": "the axis does not know the service: see path"},
        "token_ended": ["401"],
    }

    def vxp(code: str, records: Any) -> Reply:
        header = {"errorCode": code, "errorDesc": "Mô tả"}
        return as_json({"header": header, "body": {"data": records, "totalRecord": 3}})

    options: dict[str, Any] = {
        "path": "/vxp/csdl/dan-toc",
        "params": {"maDonVi": "H30"},
        "paging": {"kind": "page", "param": "pageIndex", "size_param": "pageSize", "size": 2},
        "envelope": envelope,
    }
    with serving([vxp("00", rows(2)), vxp("00", rows(1, 3))]) as server:
        fetched = fetch(server, tmp_path, **options)
    assert server.values("pageIndex") == ["1", "2"]
    trees = [json.loads(file.path.read_bytes()) for file in fetched.files]
    assert [record for tree in trees for record in tree["body"]["data"]] == rows(3)
    with serving([vxp("05", None)]) as server:
        message = refused(SourceFaultyError, server, tmp_path, **options)
    assert "header.errorCode is 05, not 00 (code 05: the axis does not know the serv" in message
    assert 'the source says "Mô tả"' in message
