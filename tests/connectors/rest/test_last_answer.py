"""What had come of the answer that a fetch failed on is handed over with the error."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.connectors.fetched import FailedAnswer, FetchError
from ioc_pipelines.connectors.rest.last_answer import FIRST_BYTES
from tests.connectors.rest.reaching import ENVIRONMENT, TOKEN, FakeTime, fetch, page, rows
from tests.http_server import Reply, as_json, serving

HTML = {"Content-Type": "text/html; charset=utf-8"}
STATIC = {"kind": "static", "token_env": "TOKEN"}
CREDENTIALS = {
    "kind": "client_credentials",
    "token_path": "/token",
    "client_id_env": "CLIENT_ID",
    "client_secret_env": "CLIENT_SECRET",
}


def failed(folder: Path, *replies: Reply, **options: Any) -> FailedAnswer | None:
    """The answer of the fetch that these replies make fail."""
    with serving(replies) as server, pytest.raises(FetchError) as caught:
        fetch(server, folder, clock=FakeTime().clock, **options)
    return caught.value.answer


def test_the_last_of_several_refusals_is_kept(tmp_path: Path) -> None:
    busy = [Reply(f"<p>{n}</p>".encode(), 503, HTML) for n in range(4)]
    assert failed(tmp_path, *busy) == FailedAnswer(503, HTML["Content-Type"], 8, b"<p>3</p>")


def test_what_came_before_the_cut_is_kept(tmp_path: Path) -> None:
    cut = [Reply(b'[{"id": 1}, {"i', length=400)] * 4
    answer = failed(tmp_path, *cut)
    assert answer is not None
    assert (answer.status, answer.received, answer.first) == (200, 15, b'[{"id": 1}, {"i')


def test_a_coded_answer_is_kept_as_it_reads(tmp_path: Path) -> None:
    body = b"<p>coded</p>"
    coded = Reply(gzip.compress(body), 200, {**HTML, "Content-Encoding": "gzip"})
    answer = failed(tmp_path, coded)
    assert answer is not None
    assert (answer.first, answer.received) == (body, len(body))


def test_only_the_beginning_of_a_long_answer_is_kept(tmp_path: Path) -> None:
    answer = failed(tmp_path, Reply(b"<" + b"x" * 100_000, 200, HTML))
    assert answer is not None
    assert (len(answer.first), answer.received) == (FIRST_BYTES, 100_001)


def test_the_page_that_repeats_is_the_evidence_of_an_endless_paging(tmp_path: Path) -> None:
    paging = {"kind": "page", "size": 2}
    same = [page(rows(2))] * 2
    answer = failed(tmp_path, *same, paging=paging, envelope={"records": "items"})
    assert answer is not None
    assert answer.first == same[0].body


def test_an_answer_is_no_evidence_of_the_request_after_it(tmp_path: Path) -> None:
    busy = Reply(b"busy", 503, HTML)
    assert failed(tmp_path, busy, *[Reply(reset=True)] * 3) is None


@pytest.mark.parametrize("before", [0, FIRST_BYTES - 5], ids=["at the start", "across the end"])
def test_no_secret_is_kept(tmp_path: Path, before: int) -> None:
    body = b"<" + b"x" * before + f"Bearer {TOKEN}".encode()
    answer = failed(tmp_path, Reply(body, 200, HTML), authentication=STATIC)
    assert answer is not None
    assert TOKEN[:4].encode() not in answer.first


def test_an_answer_that_may_hold_a_token_is_not_kept(tmp_path: Path) -> None:
    strange = as_json({"accessToken": "bi-mat-khac"})
    answer = failed(tmp_path, strange, authentication=CREDENTIALS)
    assert answer is not None
    assert (answer.status, answer.received, answer.first) == (200, len(strange.body), b"")


def test_the_secret_itself_is_known_as_text_and_in_its_header(tmp_path: Path) -> None:
    """A source may show the whole request in its error page."""
    token = as_json({"access_token": "moi-tinh", "expires_in": 600})
    echo = Reply(b"<pre>moi-tinh khoa-rat-kin</pre>", 200, HTML)
    answer = failed(tmp_path, token, echo, authentication=CREDENTIALS)
    assert answer is not None
    assert answer.first == "<pre>… …</pre>".encode()
    assert ENVIRONMENT["CLIENT_SECRET"] == "khoa-rat-kin"
