"""A token is sent where it belongs, renewed in time, and never told."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.connectors.fetched import SourceFaultyError, SourceUnavailableError, Window
from ioc_pipelines.connectors.rest.fetch import fetch_rest
from tests.connectors.rest.reaching import (
    TOKEN,
    FakeTime,
    connector,
    fetch,
    records_of,
    refused,
    rows,
    with_headers,
)
from tests.http_server import Asked, Reply, Server, as_json, serving

STATIC = {"kind": "static", "token_env": "TOKEN"}
CLIENT = {
    "kind": "client_credentials",
    "token_path": "/oauth/token",
    "client_id_env": "CLIENT_ID",
    "client_secret_env": "CLIENT_SECRET",
}
PAGES = {"kind": "page", "size": 2}


def bearers(server: Server) -> list[str | None]:
    return [a.headers.get("authorization") for a in server.asked if a.path == "/ho-so"]


def gate(
    expires_in: Any = 3600, accepts: Callable[[str], bool] = lambda _: True, pages: int = 2
) -> Callable[[Asked], Reply]:
    """A source that hands out tokens `cap-1`, `cap-2`, … and takes those that it accepts."""
    issued: list[str] = []

    def answer(asked: Asked) -> Reply:
        if asked.path == "/oauth/token":
            issued.append(f"cap-{len(issued) + 1}")
            token = {"access_token": issued[-1], "token_type": "Bearer"}
            return as_json(token | ({} if expires_in is None else {"expires_in": expires_in}))
        given = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if given != issued[-1] or not accepts(given):
            return as_json({"error": given}, status=401)
        number = int(asked.params["page"])
        return as_json(rows(2 if number < pages else 1, 2 * number - 1))

    return answer


def test_a_static_token_comes_from_the_environment(tmp_path: Path) -> None:
    with serving([as_json(rows(1))]) as server:
        fetched = fetch(server, tmp_path, authentication=STATIC)
    assert bearers(server) == [f"Bearer {TOKEN}"]
    assert TOKEN not in str(fetched)


def test_without_authentication_nothing_is_sent(tmp_path: Path) -> None:
    with serving([as_json(rows(1))]) as server:
        fetch(server, tmp_path)
    assert bearers(server) == [None]


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "environment variable TOKEN is not set"),
        ({"TOKEN": " \n"}, "environment variable TOKEN is not set"),
        ({"TOKEN": "hai tu"}, "environment variable TOKEN holds what cannot be sent"),
        ({"TOKEN": "a\r\nHost: b"}, "environment variable TOKEN holds what cannot be sent"),
    ],
)
def test_a_token_that_is_none_is_said(
    tmp_path: Path, environment: dict[str, str], says: str
) -> None:
    with serving([]) as server, pytest.raises(SourceUnavailableError, match=says) as caught:
        fetch_rest(
            connector(authentication=STATIC),
            {"API": server.url, **environment},
            None,
            Window(),
            tmp_path,
        )
    assert "hai tu" not in str(caught.value)
    assert server.asked == []


def test_a_blank_line_behind_a_token_is_no_part_of_it(tmp_path: Path) -> None:
    with serving([as_json(rows(1))]) as server:
        environment = {"API": server.url, "TOKEN": f"{TOKEN}\n"}
        fetch_rest(connector(authentication=STATIC), environment, None, Window(), tmp_path)
    assert bearers(server) == [f"Bearer {TOKEN}"]


def test_a_static_token_that_is_refused_is_not_tried_again(tmp_path: Path) -> None:
    with serving([as_json({"token": TOKEN}, status=401)]) as server:
        message = refused(
            SourceFaultyError,
            server,
            tmp_path,
            authentication=STATIC,
            envelope={"message": "token"},
        )
    assert "page 1: HTTP 401, the token was refused" in message
    assert 'the source says "…"' in message
    assert len(server.asked) == 1


def test_what_the_token_may_not_read_is_said(tmp_path: Path) -> None:
    with serving([as_json({}, status=403)]) as server:
        message = refused(SourceFaultyError, server, tmp_path, authentication=STATIC)
    assert "page 1: HTTP 403, refused: the token or this machine's address may not" in message
    assert "ask the agency to allow it" in message
    assert len(server.asked) == 1


def test_a_token_is_asked_for_once_and_used_for_all_pages(tmp_path: Path) -> None:
    with serving(gate()) as server:
        fetched = fetch(server, tmp_path, authentication=CLIENT, paging=PAGES)
    assert records_of(fetched) == rows(3)
    assert bearers(server) == ["Bearer cap-1"] * 2
    asked = server.asked[0]
    assert (asked.method, asked.path, asked.body) == (
        "POST",
        "/oauth/token",
        b"grant_type=client_credentials",
    )
    basic = base64.b64encode(b"trung-tam-ioc:khoa-rat-kin").decode()
    assert asked.headers["authorization"] == f"Basic {basic}"
    assert [a.method for a in server.asked[1:]] == ["GET", "GET"]
    assert fetched.note["requests"] == 3


def test_id_and_secret_may_go_into_the_form(tmp_path: Path) -> None:
    authentication = {**CLIENT, "secret_in": "form", "scope": "doc"}
    with serving(gate()) as server:
        fetch(server, tmp_path, authentication=authentication, paging=PAGES)
    asked = server.asked[0]
    assert asked.body == (
        b"grant_type=client_credentials&scope=doc"
        b"&client_id=trung-tam-ioc&client_secret=khoa-rat-kin"
    )
    assert "authorization" not in asked.headers


def test_a_token_is_renewed_before_it_ends(tmp_path: Path) -> None:
    # 20 requests a minute: a page each 3 s; a token of 10 s is renewed when 9 s have passed
    time = FakeTime()
    with serving(gate(expires_in="10", pages=6)) as server:
        fetched = fetch(
            server,
            tmp_path,
            clock=time.clock,
            authentication=CLIENT,
            paging=PAGES,
            quota={"requests_per_minute": 20},
        )
    assert records_of(fetched) == rows(11)
    # sent at 3, 6 and 9 s; the one after that would be sent at 12 s
    assert bearers(server) == ["Bearer cap-1"] * 3 + ["Bearer cap-2"] * 3
    assert fetched.note["requests"] == 8


@pytest.mark.parametrize("expires_in", [None, "never", 0, -1])
def test_an_end_that_is_not_said_is_noticed_when_it_comes(tmp_path: Path, expires_in: Any) -> None:
    with serving(gate(expires_in)) as server:
        fetched = fetch(server, tmp_path, authentication=CLIENT, paging=PAGES)
    assert records_of(fetched) == rows(3)


def test_a_token_that_is_refused_is_renewed_once(tmp_path: Path) -> None:
    with serving(gate(accepts=lambda token: token != "cap-1")) as server:
        fetched = fetch(server, tmp_path, authentication=CLIENT, paging=PAGES)
    assert records_of(fetched) == rows(3)
    assert bearers(server) == ["Bearer cap-1", "Bearer cap-2", "Bearer cap-2"]
    with serving(gate(accepts=lambda _: False)) as server:
        message = refused(SourceFaultyError, server, tmp_path, authentication=CLIENT, paging=PAGES)
    assert "page 1: HTTP 401, the token was refused" in message
    assert "cap-" not in message
    assert server.paths == ["/oauth/token", "/ho-so"] * 2


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (
            as_json({"error": "invalid_client"}, status=401),
            "request for a token: HTTP 401, client id or secret",
        ),
        (
            as_json({"error": "invalid_client"}, status=400),
            "request for a token: HTTP 400, client id or secret",
        ),
        (
            as_json({"token": "x"}),
            "request for a token: HTTP 200, 14 bytes without an access_token",
        ),
        (as_json({"access_token": 7}), "without an access_token"),
        (as_json({"access_token": "a b\r\n"}), "without an access_token"),
        (as_json(["access_token"]), "without an access_token"),
        (
            Reply(b"<title>Down</title>"),
            "request for a token: not JSON but a page or XML titled 'Down'",
        ),
        (Reply(b"[" * 100_000), "request for a token: nested too deep"),
        (Reply(b'{"access_token": "cap-'), "request for a token: not whole, or not JSON"),
        (as_json({"access_token": "x"}, status=404), "request for a token: HTTP 404"),
        (with_headers(Reply(b"", 302), Location="/ho-so"), "token: redirected"),
    ],
)
def test_a_token_that_does_not_come_is_said(tmp_path: Path, reply: Reply, says: str) -> None:
    with serving([reply]) as server:
        message = refused(SourceFaultyError, server, tmp_path, authentication=CLIENT)
    assert says in message
    assert len(server.asked) == 1


def test_a_token_service_that_is_down_is_tried_again(tmp_path: Path) -> None:
    with serving([Reply(b"", 503)] * 9) as server:
        message = refused(SourceUnavailableError, server, tmp_path, authentication=CLIENT)
    assert "request for a token: HTTP 503" in message
    assert len(server.asked) == 4


def test_no_secret_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(gate(accepts=lambda token: token != "cap-1")) as server:
        fetch(server, tmp_path, authentication=CLIENT, paging=PAGES)
    assert "GET" in caplog.text
    for secret in ("cap-", "khoa-rat-kin", base64.b64encode(b"trung-tam-ioc:").decode()[:12]):
        assert secret not in caplog.text
