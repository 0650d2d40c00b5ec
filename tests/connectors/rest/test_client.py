"""A source that fails, hangs, trickles or floods costs what it may cost, and no more."""

from __future__ import annotations

import gzip
import itertools
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ioc_pipelines.connectors.fetched import SourceFaultyError, SourceUnavailableError, Window
from ioc_pipelines.connectors.rest.client import trusted
from ioc_pipelines.connectors.rest.clock import Clock
from ioc_pipelines.connectors.rest.fetch import fetch_rest
from tests.connectors.rest.reaching import (
    NOON,
    FakeTime,
    connector,
    fetch,
    landed,
    page,
    records_of,
    refused,
    rows,
    with_headers,
)
from tests.http_server import Reply, Server, as_json, serving

GOOD = as_json(rows(2))
PAGES = {"kind": "page", "size": 2}
STATIC = {"kind": "static", "token_env": "TOKEN"}
LOCAL = IPv4Address("127.0.0.1")


def zipped(reply: Reply, body: bytes | None = None) -> Reply:
    coded = with_headers(reply, Content_Encoding="gzip")
    return replace(coded, body=gzip.compress(reply.body) if body is None else body)


# what may pass is tried again


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again_with_growing_pauses(tmp_path: Path, status: int) -> None:
    time = FakeTime()
    with serving([Reply(b"<html>", status)] * 3 + [GOOD]) as server:
        fetched = fetch(server, tmp_path, clock=time.clock)
    assert records_of(fetched) == rows(2)
    assert (fetched.note["requests"], fetched.note["retries"]) == (4, 3)
    assert len(time.slept) == 3
    for slept, least in zip(time.slept, (0.5, 1, 2), strict=True):
        assert least <= slept <= least + 0.5


def test_four_attempts_are_enough(tmp_path: Path) -> None:
    with serving([Reply(b"", 503)] * 9) as server:
        message = refused(SourceUnavailableError, server, tmp_path)
    assert "page 1: HTTP 503" in message
    assert "(requests 4, pages 0, bytes 0, retries 3, records 0)" in message
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    "written",
    ["7", " 7 ", format_datetime(NOON + timedelta(seconds=7), usegmt=True)],
)
def test_the_source_says_how_long_to_wait(tmp_path: Path, written: str) -> None:
    time = FakeTime()
    with serving([with_headers(Reply(b"", 429), Retry_After=written), GOOD]) as server:
        fetch(server, tmp_path, clock=time.clock)
    assert time.slept == [7]


@pytest.mark.parametrize("written", ["soon", "-5", "", "Sat, 21 Nov 1970 00:00:00 GMT", "0"])
def test_a_wait_that_says_nothing_is_the_usual_one(tmp_path: Path, written: str) -> None:
    time = FakeTime()
    with serving([with_headers(Reply(b"", 503), Retry_After=written), GOOD]) as server:
        fetch(server, tmp_path, clock=time.clock)
    assert 0.5 <= time.slept[0] <= 1


@pytest.mark.parametrize("written", ["3600", "9" * 400])
def test_a_wait_beyond_the_deadline_is_not_begun(tmp_path: Path, written: str) -> None:
    time = FakeTime()
    with serving([with_headers(Reply(b"", 429), Retry_After=written)]) as server:
        message = refused(SourceUnavailableError, server, tmp_path, clock=time.clock)
    assert "HTTP 429, asks to wait" in message
    assert (len(server.asked), time.slept) == (1, [])


def test_attempts_end_before_the_deadline(tmp_path: Path) -> None:
    time = FakeTime()
    with serving([Reply(b"", 503)] * 9) as server:
        refused(SourceUnavailableError, server, tmp_path, clock=time.clock, timeout_s=1.2)
    assert len(server.asked) == 2
    assert sum(time.slept) < 1.2


def test_a_connection_that_is_reset_is_tried_again(tmp_path: Path) -> None:
    with serving([Reply(reset=True), Reply(reset=True), GOOD]) as server:
        fetched = fetch(server, tmp_path)
    assert fetched.note["retries"] == 2
    with serving([Reply(reset=True)] * 9) as server:
        message = refused(SourceUnavailableError, server, tmp_path)
    assert "page 1: no answer (ReadError)" in message
    assert len(server.asked) == 4


def test_nobody_listening_is_unavailable_and_no_address_is_shown(tmp_path: Path) -> None:
    with serving([]) as server:
        pass
    message = refused(SourceUnavailableError, server, tmp_path)
    assert "API/ho-so: page 1: no answer (ConnectError)" in message
    assert "requests 4" in message


def test_an_answer_that_is_cut_is_tried_again_and_then_faulty(tmp_path: Path) -> None:
    cut = replace(GOOD, length=10_000)
    with serving([cut, GOOD]) as server:
        assert records_of(fetch(server, tmp_path)) == rows(2)
    with serving([cut] * 9) as server:
        message = refused(SourceFaultyError, server, tmp_path)
    assert "page 1: its answer was cut off (RemoteProtocolError)" in message
    assert len(server.asked) == 4


@pytest.mark.parametrize("status", [204, 206, 304, 400, 404, 410, 418, 501])
def test_what_will_not_pass_is_not_tried_again(tmp_path: Path, status: int) -> None:
    body = b"" if status in (204, 304) else b'{"message": "kh\xc3\xb4ng c\xc3\xb3"}'
    with serving([Reply(body, status)]) as server:
        message = refused(SourceFaultyError, server, tmp_path, envelope={"message": "message"})
    assert f"page 1: HTTP {status}" in message
    assert ('the source says "không có"' in message) == bool(body)
    assert len(server.asked) == 1


# the deadline


def took(work: Callable[[], Any]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def ended(kind: type[Exception], server: Server, folder: Path, **options: Any) -> str:
    """The message of a fetch that is ended by its deadline of half a second, on real time."""
    messages: list[str] = []
    seconds = took(
        lambda: messages.append(
            refused(kind, server, folder, clock=Clock(now=lambda: NOON), timeout_s=0.5, **options)
        )
    )
    assert seconds < 1
    return messages[0]


def test_a_source_that_hangs_costs_its_own_deadline(tmp_path: Path) -> None:
    with serving([Reply(hang=True)] * 9) as server:
        message = ended(SourceUnavailableError, server, tmp_path)
    assert "page 1: no answer within 0.5 s" in message
    assert len(server.asked) == 1


def test_an_answer_that_trickles_is_ended(tmp_path: Path) -> None:
    with serving([replace(GOOD, drip_s=0.04)]) as server:
        message = ended(SourceFaultyError, server, tmp_path)
    assert "page 1: its answer was still coming at the deadline" in message
    assert "requests 1, pages 0" in message


def test_the_clock_is_looked_at_while_an_answer_comes(tmp_path: Path) -> None:
    seconds = itertools.count()
    clock = Clock(lambda: NOON, lambda: float(next(seconds)), FakeTime().sleep)
    piece = b"1000\r\n" + b" " * 0x1000 + b"\r\n"
    with serving([Reply(piece * 4_000, headers={"Transfer-Encoding": "chunked"})]) as server:
        message = refused(SourceFaultyError, server, tmp_path, clock=clock, timeout_s=40)
    assert "page 1: its answer was still coming at the deadline" in message
    assert int(message.split("bytes ")[-1].split(",")[0]) < 40 * 0x10000


def test_an_answer_that_stops_in_its_middle_is_ended(tmp_path: Path) -> None:
    with serving([replace(GOOD, drip_s=30)]) as server:
        message = ended(SourceFaultyError, server, tmp_path)
    assert "page 1: its answer was still coming at the deadline" in message


def test_a_head_that_trickles_is_ended(tmp_path: Path) -> None:
    with serving([replace(GOOD, drip_head_s=0.04)]) as server:
        message = ended(SourceUnavailableError, server, tmp_path)
    assert "page 1: no answer within 0.5 s" in message


def test_pages_without_an_end_are_ended_by_time(tmp_path: Path) -> None:
    with serving(lambda asked: as_json(rows(2, 2 * int(asked.params["page"])))) as server:
        message = ended(SourceFaultyError, server, tmp_path, paging=PAGES)
    assert "not at the end after" in message
    assert re.search(r"after (\d+) pages and 0\.5 s", message)
    assert len(server.asked) > 2


# the size


def test_pages_without_an_end_are_ended_by_size(tmp_path: Path) -> None:
    with serving(lambda asked: as_json(rows(2, 2 * int(asked.params["page"])))) as server:
        message = refused(SourceFaultyError, server, tmp_path, paging=PAGES, max_bytes=1_000)
    pages = len(server.asked) - 1
    assert 5 <= pages <= 20
    assert f"beyond the 1000 bytes that the feed allows, after {pages} pages" in message


def test_a_declared_length_beyond_the_bound_is_refused_at_once(tmp_path: Path) -> None:
    with serving([replace(GOOD, length=10**15, drip_s=30)]) as server:
        message = refused(SourceFaultyError, server, tmp_path, max_bytes=10_000)
    assert "page 1: its answer declares 1000000000000000 bytes, beyond the 10000" in message
    assert len(server.asked) == 1
    assert "bytes 0," in message


def test_an_undeclared_length_is_counted(tmp_path: Path) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    flood = Reply(chunk * 40, headers={"Transfer-Encoding": "chunked"})
    with serving([flood]) as server:
        message = refused(SourceFaultyError, server, tmp_path, max_bytes=200_000)
    assert "page 1: its answer goes on, beyond the 200000 bytes" in message
    assert "requests 1" in message


def test_gzip_is_unfolded_also_in_several_members(tmp_path: Path) -> None:
    half = len(GOOD.body) // 2
    members = gzip.compress(GOOD.body[:half]) + gzip.compress(GOOD.body[half:])
    for reply in (zipped(GOOD), zipped(GOOD, members), replace(zipped(GOOD), drip_s=0.0001)):
        with serving([reply]) as server:
            fetched = fetch(server, tmp_path)
        assert landed(fetched) == {"page-00001.json": GOOD.body}
        assert server.asked[0].headers["accept-encoding"] == "gzip"


def test_a_gzip_bomb_is_stopped_while_it_unfolds(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(300_000_000), compresslevel=1)
    assert len(bomb) < 5_000_000
    with serving([zipped(GOOD, bomb)]) as server:
        message = refused(SourceFaultyError, server, tmp_path, max_bytes=5_000_000)
    assert "page 1: its answer goes on, beyond the 5000000 bytes" in message
    counted = int(message.split("bytes ")[-1].split(",")[0])
    assert counted < 5_100_000


@pytest.mark.parametrize(
    ("coded", "says"),
    [
        (gzip.compress(GOOD.body, mtime=0)[:-10], "cut off inside its gzip"),
        (b"", "cut off inside its gzip"),
        (GOOD.body, "its gzip is damaged"),
    ],
)
def test_a_broken_gzip_is_faulty(tmp_path: Path, coded: bytes, says: str) -> None:
    with serving([zipped(GOOD, coded)]) as server:
        message = refused(SourceFaultyError, server, tmp_path)
    assert f"page 1: {says}" in message
    assert len(server.asked) == 1


def test_a_coding_that_was_not_asked_for_is_faulty(tmp_path: Path) -> None:
    with serving([with_headers(GOOD, Content_Encoding="br")]) as server:
        message = refused(SourceFaultyError, server, tmp_path)
    assert "page 1: coded as 'br'" in message


# where it is sent


def test_redirects_on_the_same_source_are_followed_three_times(tmp_path: Path) -> None:
    moved = [with_headers(Reply(b"", 302), Location=f"/{n}") for n in range(9)]
    with serving([*moved[:3], GOOD]) as server:
        fetched = fetch(server, tmp_path, authentication=STATIC)
    assert server.paths == ["/ho-so", "/0", "/1", "/2"]
    assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer bi-mat-tuyet-doi"}
    assert fetched.note["requests"] == 4
    with serving(moved) as server:
        message = refused(SourceFaultyError, server, tmp_path)
    assert "page 1: redirected more than 3 times" in message
    assert len(server.asked) == 4


def test_a_redirect_to_another_host_gets_nothing(tmp_path: Path) -> None:
    with serving([GOOD]) as other:
        moved = with_headers(Reply(b"", 307), Location=f"{other.url}/ho-so")
        with serving([moved]) as server:
            message = refused(SourceFaultyError, server, tmp_path, authentication=STATIC)
    assert "page 1: redirected to another host, scheme or port; nothing was sent there" in message
    assert (len(server.asked), len(other.asked)) == (1, 0)


def test_a_proxy_of_the_environment_sees_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving([GOOD]) as proxy, serving([GOOD]) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        fetch(server, tmp_path, authentication=STATIC)
    assert (len(server.asked), len(proxy.asked)) == (1, 0)


def test_a_certificate_that_nobody_vouches_for_is_not_taken(tmp_path: Path) -> None:
    server = Server([GOOD])
    server.speak_tls(*certificate(tmp_path))
    server.start()
    try:
        message = refused(SourceUnavailableError, server, tmp_path, authentication=STATIC)
    finally:
        server.stop()
    assert "page 1: the source's certificate is not trusted" in message
    assert "SSL_CERT_FILE" in message
    assert "requests 1" in message
    assert server.asked == []


def test_a_certificate_that_this_machine_knows_is_taken_and_the_deadline_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", cert)
    trusted.cache_clear()
    server = Server([GOOD, replace(GOOD, drip_head_s=0.04)])
    server.speak_tls(cert, key)
    server.start()
    try:
        assert records_of(fetch(server, tmp_path)) == rows(2)
        message = ended(SourceUnavailableError, server, tmp_path)
    finally:
        server.stop()
        trusted.cache_clear()
    assert "page 1: no answer within 0.5 s" in message


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate that its own key signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOCAL)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    written = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(written)
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.mark.parametrize(
    "address", ["", "  ", "ftp://api.tinh.gov.vn", "api.tinh.gov.vn", "http://a:b@c", "http://x:y"]
)
def test_an_address_that_is_none_is_said(tmp_path: Path, address: str) -> None:
    with pytest.raises(SourceUnavailableError, match="API") as caught:
        fetch_rest(connector(), {"API": address}, None, Window(), tmp_path)
    assert ("is not set" in str(caught.value)) == (not address.strip())
    assert not address.strip() or address not in str(caught.value)


def test_the_base_may_have_a_path_of_its_own(tmp_path: Path) -> None:
    with serving([page(rows(1))]) as server:
        environment = {"API": f"{server.url}/truc/v1/\n"}
        fetch_rest(connector(envelope={"records": "items"}), environment, None, Window(), tmp_path)
    assert server.paths == ["/truc/v1/ho-so"]
