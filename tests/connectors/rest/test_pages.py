"""Every kind of paging brings every record once, and one without an end is noticed."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioc_pipelines.connectors.fetched import NothingArrivedError, SourceFaultyError
from tests.connectors.rest.reaching import (
    fetch,
    landed,
    page,
    records_of,
    refused,
    rows,
    with_headers,
)
from tests.http_server import Asked, Reply, Script, as_json, serving

PAGES = {"kind": "page", "size": 2}
ITEMS = {"records": "items"}


def source(records: list[Any], url: str = "") -> Script:
    """A source that pages in all ways at once, as it is asked."""

    def answer(asked: Asked) -> Reply:
        size = int(asked.params.get("size") or asked.params.get("limit") or 10**6)
        if "page" in asked.params:
            start = (int(asked.params["page"]) - 1) * size
        else:
            start = int(asked.params.get("offset") or asked.params.get("cursor") or 0)
        part, after = records[start : start + size], start + size
        if after >= len(records):
            return page(part, total=len(records), next=None, link=None)
        link = f"/ho-so?size={size}&cursor={after}"
        reply = page(part, total=len(records), next=after, link=link)
        return with_headers(reply, Link=f'<{link}>; rel="next", </first>; rel="first"')

    return answer


KINDS: dict[str, dict[str, Any]] = {
    "page": {"paging": {"kind": "page"}},
    "offset": {"paging": {"kind": "offset"}},
    "cursor": {"paging": {"kind": "cursor", "next": "next"}},
    "link": {"paging": {"kind": "link"}},
    "link in the answer": {"paging": {"kind": "link", "next": "link"}},
    "none": {},
}


@settings(max_examples=30)
@given(
    values=st.lists(st.one_of(st.text(max_size=5), st.integers(), st.none()), max_size=12),
    size=st.integers(1, 5),
    kind=st.sampled_from(sorted(KINDS)),
    counted=st.booleans(),
)
def test_the_landed_records_are_the_sources_in_its_order(
    values: list[Any], size: int, kind: str, counted: bool
) -> None:
    records = [{"id": number, "value": value} for number, value in enumerate(values)]
    options = json.loads(json.dumps(KINDS[kind]))
    options["envelope"] = {**ITEMS, "total": "total"} if counted else ITEMS
    if kind in ("page", "offset"):
        options["paging"]["size"] = size
    elif kind != "none":
        options["params"] = {"size": size}
    with tempfile.TemporaryDirectory() as folder, serving(source(records)) as server:
        if not records:
            with pytest.raises(NothingArrivedError, match="no record at all"):
                fetch(server, Path(folder), **options)
            return
        fetched = fetch(server, Path(folder), **options)
        assert records_of(fetched, "items") == records
        full = len(records) if kind == "none" else size
        assert fetched.note["records"] == len(records)
        assert len(fetched.files) == -(-len(records) // full)
        assert [file.name for file in fetched.files] == [
            f"page-{number:05}.json" for number in range(1, len(fetched.files) + 1)
        ]


def test_an_answer_is_landed_byte_for_byte(tmp_path: Path) -> None:
    body = b'\xef\xbb\xbf [ {"id" : 1.50,\r\n "t\xc3\xaan": "\\u00e0"} ]\n\n'
    with serving([Reply(body)]) as server:
        assert landed(fetch(server, tmp_path)) == {"page-00001.json": body}


def test_what_was_asked_and_what_it_cost_is_noted(tmp_path: Path) -> None:
    with serving([as_json(rows(2)), as_json(rows(1, 3))]) as server:
        fetched = fetch(server, tmp_path, paging=PAGES, params={"loai": "đất đai"})
    assert [(asked.method, asked.path, asked.params) for asked in server.asked] == [
        ("GET", "/ho-so", {"loai": "đất đai", "page": "1", "size": "2"}),
        ("GET", "/ho-so", {"loai": "đất đai", "page": "2", "size": "2"}),
    ]
    size = sum(len(body) for body in landed(fetched).values())
    assert fetched.note == {
        "requests": 2,
        "pages": 2,
        "bytes": size,
        "retries": 0,
        "records": 3,
    }
    assert (fetched.has_news, fetched.confirms) == (True, True)


def test_an_empty_page_ends_and_is_not_kept(tmp_path: Path) -> None:
    with serving([as_json(rows(2)), as_json([])]) as server:
        fetched = fetch(server, tmp_path, paging=PAGES)
    assert list(landed(fetched)) == ["page-00001.json"]
    assert (fetched.note["pages"], fetched.note["records"]) == (2, 2)


def test_without_a_size_that_is_asked_for_only_an_empty_page_ends(tmp_path: Path) -> None:
    paging = {"kind": "page", "size_param": None, "first": 0, "param": "trang"}
    with serving([as_json(rows(3)), as_json(rows(1, 4)), as_json([])]) as server:
        fetched = fetch(server, tmp_path, paging=paging)
    assert server.values("trang") == ["0", "1", "2"]
    assert server.values("size") == [None, None, None]
    assert len(records_of(fetched)) == 4


def test_where_the_source_counts_its_own_smaller_pages_end_nothing(tmp_path: Path) -> None:
    replies = [page(rows(2), total=5), page(rows(2, 3), total=5), page(rows(1, 5), total="5")]
    with serving(replies) as server:
        paging = {"kind": "offset", "size": 100}
        fetched = fetch(server, tmp_path, paging=paging, envelope={**ITEMS, "total": "total"})
    assert server.values("offset") == ["0", "2", "4"]
    assert len(records_of(fetched, "items")) == 5


def test_an_empty_page_of_a_cursor_is_not_its_end(tmp_path: Path) -> None:
    replies = [page([], next="b"), page(rows(1), next=7), page(rows(1, 2))]
    with serving(replies) as server:
        paging = {"kind": "cursor", "next": "next", "param": "tiep"}
        fetched = fetch(server, tmp_path, paging=paging, envelope=ITEMS)
    assert server.values("tiep") == [None, "b", "7"]
    assert list(landed(fetched)) == ["page-00002.json", "page-00003.json"]


def test_the_same_answer_again_is_paging_without_an_end(tmp_path: Path) -> None:
    with serving(lambda _: as_json(rows(2))) as server:
        message = refused(SourceFaultyError, server, tmp_path, paging=PAGES)
    assert "page 2: the same records as page 1" in message
    assert "noticed after 1 pages" in message
    assert len(server.asked) == 2


def test_the_same_records_are_known_whatever_stands_around_them(tmp_path: Path) -> None:
    """The sandbox's own fault: a way on that is always new, and the hour in each answer."""
    with serving(lambda _: page(rows(2, len(server.asked) % 3), next=len(server.asked))) as server:
        message = refused(
            SourceFaultyError,
            server,
            tmp_path,
            paging={"kind": "cursor", "next": "next"},
            envelope=ITEMS,
        )
    assert "page 4: the same records as page 1" in message
    assert "noticed after 3 pages" in message
    assert len(server.asked) == 4


def test_a_cursor_that_was_given_before_is_paging_without_an_end(tmp_path: Path) -> None:
    cursors = {None: "a", "a": "b", "b": "a"}
    with serving(
        lambda asked: page(rows(1, len(server.asked)), next=cursors[asked.params.get("cursor")])
    ) as server:
        message = refused(
            SourceFaultyError,
            server,
            tmp_path,
            paging={"kind": "cursor", "next": "next"},
            envelope=ITEMS,
        )
    assert "page 3: what follows it was read before" in message
    assert "noticed after 3 pages" in message
    assert len(server.asked) == 3


def test_a_link_that_was_given_before_is_paging_without_an_end(tmp_path: Path) -> None:
    link = '</ho-so?p=2>; rel="Next"'
    with serving(lambda _: with_headers(as_json(rows(1, len(server.asked))), Link=link)) as server:
        message = refused(SourceFaultyError, server, tmp_path, paging={"kind": "link"})
    assert "page 2: what follows it was read before" in message
    assert server.values("p") == [None, "2"]


def test_more_records_than_the_total_is_paging_without_an_end(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        return page(rows(2, 2 * int(asked.params["page"])), total=3)

    with serving(answer) as server:
        envelope = {**ITEMS, "total": "total"}
        message = refused(SourceFaultyError, server, tmp_path, paging=PAGES, envelope=envelope)
    assert "page 2: more records than the total of 3" in message
    assert len(server.asked) == 2


def test_fewer_records_than_the_total_are_not_taken_for_all(tmp_path: Path) -> None:
    envelope = {**ITEMS, "total": "total"}
    for paging in (PAGES, None):
        replies = [page(rows(2), total=5), page([], total=5)]
        with serving(replies) as server:
            message = refused(SourceFaultyError, server, tmp_path, paging=paging, envelope=envelope)
        assert "only 2 of 5 records came" in message


def test_a_source_may_be_declared_to_repeat_its_last_page(tmp_path: Path) -> None:
    paging = {**PAGES, "past_end": "last"}
    pages = {"1": rows(2), "2": rows(2, 3)}
    with serving(lambda asked: as_json(pages.get(asked.params["page"], pages["2"]))) as server:
        fetched = fetch(server, tmp_path, paging=paging)
    assert records_of(fetched) == rows(4)
    assert (len(server.asked), fetched.note["pages"]) == (3, 2)
    # a second page like the first: does the source heed the number at all?
    with serving(lambda _: as_json(rows(2))) as server:
        message = refused(SourceFaultyError, server, tmp_path, paging=paging)
    assert "page 2: the same records as page 1" in message
    assert "a size that takes all in one page" in message


@pytest.mark.parametrize(
    "link",
    [
        "https://127.0.0.1:{port}/ho-so?p=2",
        "http://localhost:{port}/ho-so?p=2",
        "http://127.0.0.1:1/ho-so?p=2",
        "//example.org/ho-so",
        "http://ai:do@127.0.0.1:{port}/ho-so?p=2",
    ],
)
def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path: Path, link: str) -> None:
    with serving(
        lambda _: with_headers(
            as_json(rows(1)), Link=f"<{link.format(port=server.port)}>; rel=next"
        )
    ) as server:
        message = refused(
            SourceFaultyError,
            server,
            tmp_path,
            paging={"kind": "link"},
            authentication={"kind": "static", "token_env": "TOKEN"},
        )
    assert "page 1: its link to the next page leads to another host, scheme or port" in message
    assert len(server.asked) == 1


def test_a_link_may_be_relative_and_have_several_relations(tmp_path: Path) -> None:
    replies = [
        with_headers(as_json(rows(1)), Link='<?p=2>; title="x"; rel="section next"'),
        with_headers(as_json(rows(1, 2)), Link='</ho-so>; rel="prev"'),
    ]
    with serving(replies) as server:
        fetched = fetch(server, tmp_path, paging={"kind": "link"})
    assert records_of(fetched) == rows(2)
    assert server.values("p") == [None, "2"]


def test_what_is_no_cursor_or_no_address_is_named(tmp_path: Path) -> None:
    with serving([page(rows(1), next={"a": 1})]) as server:
        paging = {"kind": "cursor", "next": "next"}
        message = refused(SourceFaultyError, server, tmp_path, paging=paging, envelope=ITEMS)
    assert "page 1: at next stands no cursor" in message
    with serving([with_headers(as_json(rows(1)), Link="<http://x:nan/>; rel=next")]) as server:
        message = refused(SourceFaultyError, server, tmp_path, paging={"kind": "link"})
    assert "page 1: its link to the next page is no address" in message
