"""The evidence of a delivery that failed: recorded without a value, its bytes kept in landing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.intake.landing import Landing
from ioc_pipelines.orchestration import judging
from ioc_pipelines.serving.failures import Failure, failures_of
from ioc_pipelines.serving.status import status_of
from tests.http_server import Reply, as_json, serving
from tests.orchestration.deployments import (
    DAY,
    NAME,
    NIGHT,
    PHONE,
    Bench,
    Upserted,
    csv_feed,
    entry,
    good,
    sql_feed,
    with_feed,
    write_csv,
    xlsx_feed,
)

TOKEN = "bi-mat-tuyet-doi"
PAGE = f"<html><title>Bảo trì</title>{NAME} Bearer {TOKEN}</html>".encode()


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    monkeypatch.setenv("TEST_TOKEN", TOKEN)


def api_bench(folder: Path, timeout_s: int = 20) -> Bench:
    connector = {
        "kind": "rest",
        "url_env": "TEST_API",
        "path": "/ho-so",
        "authentication": {"kind": "static", "token_env": "TEST_TOKEN"},
        "timeout_s": timeout_s,
    }
    columns = {name: {"source": name} for name in ("code", "name", "amount", "paid_on")}
    facts: dict[str, Any] = {"connector": connector, "layout": {"format": "json"}}
    return Bench.of(folder, entry(Upserted, "so_d", columns=columns, **facts))


def failures(bench: Bench, *, personal: bool = True) -> list[Failure]:
    deployment = bench.deployment
    return failures_of(
        deployment.ledger, deployment.landing, bench.entry, limit=9, personal=personal
    )


def told(failure: Failure) -> tuple[str, str, str]:
    return failure.outcome, failure.fault, failure.fault_reason


# -- the transport's ------------------------------------------------------------------------------


def test_a_page_in_place_of_the_data_is_kept_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = api_bench(tmp_path)
    with serving([Reply(PAGE, 200, {"Content-Type": "text/html"})]) as server:
        monkeypatch.setenv("TEST_API", server.url)
        bench.deliver()
    (failure,) = failures(bench)
    assert told(failure) == ("source_faulty", "transport", "other_answer")
    kept = PAGE.replace(TOKEN.encode(), "…".encode())
    assert failure.evidence == {
        "http_status": 200,
        "content_type": "text/html",
        "bytes_received": len(PAGE),
        "kept": {"bytes": len(kept), "sha256": hashlib.sha256(kept).hexdigest()},
    }
    (first,) = failure.first_bytes
    assert (first.text, first.is_there) == (kept.decode(), True)
    assert bench.detail()["evidence"] == failure.evidence
    # what is published names the bytes and shows none; they are no delivery to be judged again
    published = str(bench.table("delivery"))
    assert NAME not in published
    assert TOKEN not in published
    assert bench.deployment.ledger.deliveries.to_reprocess(bench.entry.id) == []


def test_what_came_is_masked_where_the_dataset_has_personal_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = api_bench(tmp_path)
    with serving([as_json([{"code": "K001", "name": NAME}, 7])]) as server:
        monkeypatch.setenv("TEST_API", server.url)
        bench.deliver()
    (failure,) = failures(bench, personal=False)
    assert NAME not in failure.model_dump_json()
    (first,) = failure.first_bytes
    assert (first.is_masked, first.is_there, first.text) == (True, True, None)
    assert NAME in str(failures(bench)[0].first_bytes[0].text)


def test_a_source_that_answers_no_request_leaves_no_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = api_bench(tmp_path, timeout_s=1)
    with serving([Reply(reset=True)] * 4) as server:
        monkeypatch.setenv("TEST_API", server.url)
        bench.deliver()
    (failure,) = failures(bench)
    assert told(failure) == ("source_unavailable", "transport", "no_answer")
    assert (failure.evidence, failure.first_bytes) == ({}, [])
    assert "no answer" in str(failure.problem)


def test_kept_bytes_that_are_gone_are_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = api_bench(tmp_path)
    with serving([Reply(PAGE)]) as server:
        monkeypatch.setenv("TEST_API", server.url)
        bench.deliver()
    (kept,) = (bench.deployment.home.landing / bench.entry.id / "failed").iterdir()
    kept.unlink()
    (first,) = failures(bench)[0].first_bytes
    assert (first.is_there, first.text) == (False, None)


def test_a_disk_that_is_full_does_not_cost_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Landing, "keep", full)
    bench = api_bench(tmp_path)
    with serving([Reply(PAGE)]) as server:
        monkeypatch.setenv("TEST_API", server.url)
        bench.deliver()
    (failure,) = failures(bench)
    assert failure.outcome == "source_faulty"
    assert (failure.evidence["http_status"], failure.evidence["not_kept"]) == (200, "OSError")


# -- the source's ---------------------------------------------------------------------------------


def test_a_file_that_cannot_be_read_is_known_by_its_hash(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, xlsx_feed())
    content = b"\x1b[31mkh\xf4ng ph\xe1t"
    path = bench.drop / "so_b" / "1.xlsx"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    bench.deliver()
    (failure,) = failures(bench)
    assert told(failure) == ("unreadable", "source", "as_sent")
    sha256 = hashlib.sha256(content).hexdigest()
    known = {"name": "so_b/1.xlsx", "sha256": sha256, "bytes": len(content)}
    assert failure.evidence == {"files": [known]}
    (first,) = failure.first_bytes
    assert (first.of, first.size_bytes) == ("so_b/1.xlsx", len(content))
    assert first.text == "\x1b[31mkh\\xf4ng ph\\xe1t"


def test_an_empty_source_has_nothing_to_show(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    bench.deliver()
    (failure,) = failures(bench)
    assert told(failure) == ("nothing_arrived", "source", "nothing_sent")
    assert failure.first_bytes == []


def test_a_refused_batch_leads_to_its_rows(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.9))
    write_csv(bench.drop / "so_a" / "1.csv", [("K001", NAME, "-1", "15/11/2026")])
    report = bench.deliver()
    assert report.batch is not None
    (failure,) = failures(bench)
    assert told(failure) == ("below_floor", "source", "as_sent")
    assert failure.batch_id == report.batch.batch_id


# -- ours -----------------------------------------------------------------------------------------


def test_an_error_of_ours_is_named_by_its_place_and_not_by_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError(f"conversion failed for value '{NAME}', {PHONE}")

    bench = Bench.of(tmp_path, csv_feed())
    write_csv(bench.drop / "so_a" / "1.csv", good(3))
    monkeypatch.setattr(judging, "judge", fail)
    bench.deliver()
    (failure,) = failures(bench)
    assert told(failure) == ("error", "pipeline", "internal_error")
    assert failure.evidence["error"] == "ValueError"
    *_, last = failure.evidence["at"]
    file, _, rest = last.partition(":")
    assert (file, rest.split()[1]) == ("orchestration/judging.py", "judge_rows")
    assert NAME not in failure.model_dump_json()


def test_a_layout_that_we_broke_is_our_fault(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    write_csv(bench.drop / "so_a" / "1.csv", good(3))
    assert bench.deliver().outcome == "accepted"
    broken = bench.again(with_feed(bench.entry, layout={"format": "csv", "delimiter": ","}))
    write_csv(bench.drop / "so_a" / "1.csv", good(4))
    broken.deliver(NIGHT + DAY)
    (failure,) = failures(broken)
    assert told(failure) == ("structure_mismatch", "pipeline", "read_otherwise")


def test_an_address_that_is_not_set_is_our_fault(tmp_path: Path) -> None:
    for bench in (Bench.of(tmp_path, sql_feed()), api_bench(tmp_path)):
        bench.deliver()
        (failure,) = failures(bench)
        assert told(failure) == ("source_unavailable", "pipeline", "not_configured")
        assert "is not set" in str(failure.problem)


# -- where people look ----------------------------------------------------------------------------


def test_the_status_says_whose_fault_the_last_delivery_was(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    deployment = bench.deployment

    def status() -> tuple[str | None, str | None, dict[str, Any]]:
        cases = deployment.cases(NIGHT)
        (feed,) = status_of(deployment.home, deployment.catalog, deployment.ledger, cases, []).feeds
        return feed.fault, feed.fault_reason, feed.evidence

    bench.drop.joinpath("so_a").mkdir()
    bench.drop.joinpath("so_a", "1.csv").write_bytes(b"")
    bench.deliver()
    fault, reason, evidence = status()
    assert (fault, reason) == ("source", "as_sent")
    assert evidence["files"][0]["sha256"] == hashlib.sha256(b"").hexdigest()
    write_csv(bench.drop / "so_a" / "1.csv", good(3))
    bench.deliver(NIGHT + DAY)
    assert status() == (None, None, {})
    # newest first; the good one is none of them
    assert [failure.outcome for failure in failures(bench)] == ["unreadable"]
