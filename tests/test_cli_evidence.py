"""``ioc quarantine show --evidence`` and ``ioc feed failures``, for a person and for a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ioc_pipelines.cli_evidence import show_failures, show_rows
from ioc_pipelines.cli_quarantine import quarantine
from ioc_pipelines.serving.refusals import with_cases
from tests.orchestration.deployments import NAME, NIGHT, Bench, csv_feed, good, write_csv, xlsx_feed

ESCAPE = "\x1b[31m"
TURNED = "\u202e"  # what follows it is shown from right to left


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A row refused for its code, which would turn a line around; one for its empty name."""
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    made = Bench.of(tmp_path, csv_feed(acceptance_floor=0.1))
    rows = [*good(2), (f"K00{TURNED}3", NAME, "1", "15/11/2026"), ("K004", "", "1", "15/11/2026")]
    write_csv(made.drop / "so_a" / "1.csv", rows)
    made.deliver()
    return made


def rows(
    bench: Bench, capsys: pytest.CaptureFixture[str], *, personal: bool = False, as_json: bool
) -> str:
    (batch,) = (row["batch_id"] for row in bench.table("batch"))
    deployment = bench.deployment
    refused = deployment.rows.quarantine.refusals(bench.entry.feed.dataset, [batch])
    refusals = with_cases(refused, deployment.cases(NIGHT))
    show_rows(deployment, bench.entry.id, batch, refusals, personal=personal, as_json=as_json)
    return capsys.readouterr().out


def test_rows_for_a_person(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    out = rows(bench, capsys, as_json=False)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    landed = bench.deployment.landing.manifest(
        bench.entry.id, bench.table("delivery")[0]["delivery_id"]
    ).files[0]
    assert lines[0] == f"so_a/1.csv: {landed.size} bytes, SHA-256 {landed.sha256}"
    assert lines.count(lines[0]) == 1, "the file is told once for its rows"
    assert any(line.startswith("so_a/1.csv, row 4 correct.readable (code): ") for line in lines)
    assert 'code ← A4 "Mã"' in lines
    # nothing that came is obeyed by the terminal
    assert TURNED not in out
    assert r'parsed "K00\u202e3"' in lines
    assert "parsed nothing" in lines
    assert "reading the landed file reads now as it did then" in lines
    assert sum(line.startswith("fault source: ") for line in lines) == 2
    assert lines[-1] == "personal columns are masked: --personal shows them"
    assert NAME not in out


def test_rows_for_a_program(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = json.loads(rows(bench, capsys, as_json=True))
    (cell,) = first["cells"]
    assert (first["rule"], cell["parsed"]) == ("correct.readable", f"K00{TURNED}3")
    assert (second["rule"], second["cells"][0]["is_masked"]) == ("complete.required", True)


def test_personal_asks_for_evidence() -> None:
    result = CliRunner().invoke(quarantine, ["show", "x", "--personal"])
    assert result.exit_code == 2
    assert "--evidence" in result.output


def test_failures_for_a_person_and_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    bench = Bench.of(tmp_path, xlsx_feed())
    show_failures(bench.deployment, bench.entry, 5, personal=True, as_json=False)
    assert "no delivery failed" in capsys.readouterr().out
    path = bench.drop / "so_b" / "1.xlsx"
    path.parent.mkdir(parents=True)
    path.write_bytes(f"{ESCAPE}không phải XLSX".encode())
    bench.deliver()
    show_failures(bench.deployment, bench.entry, 5, personal=True, as_json=False)
    out = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0].startswith("2026-11-19T19:00:00 UTC unreadable delivery ")
    assert lines[1].startswith("fault source: ")
    assert r'begins with "\x1b[31mkhông phải XLSX"' in lines
    assert ESCAPE not in out
    show_failures(bench.deployment, bench.entry, 5, personal=False, as_json=False)
    assert "không phải" not in capsys.readouterr().out
    show_failures(bench.deployment, bench.entry, 5, personal=False, as_json=True)
    (failure,) = json.loads(capsys.readouterr().out)
    assert (failure["fault"], failure["first_bytes"][0]["text"]) == ("source", None)
