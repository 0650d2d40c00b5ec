"""``ioc reprocess --dry-run``: what would change is shown, by name and place, in both forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from ioc_pipelines.cli_replay import show_dry_run
from tests.orchestration.deployments import NAME, Bench, csv_feed, good, with_feed, write_csv
from tests.orchestration.test_dry_run import tightened


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Five rows landed and accepted; the contract in force today refuses the fifth."""
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    bench = Bench.of(tmp_path, csv_feed())
    rows = [*good(4), ("K005", NAME, "5000", "15/11/2026")]
    write_csv(bench.drop / "so_a" / "1.csv", rows)
    assert bench.deliver().outcome == "accepted"
    return tightened(bench)


def shown(bench: Bench, capsys: pytest.CaptureFixture[str], *, as_json: bool) -> str:
    with pytest.raises(typer.Exit) as ended:
        show_dry_run(bench.deployment, [bench.entry], None, as_json)
    assert ended.value.exit_code == 0
    return capsys.readouterr().out


def test_for_a_person(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.split()) for line in shown(bench, capsys, as_json=False).splitlines()]
    assert "accepted 5 4" in lines
    assert "refused 0 1" in lines
    assert "correct.max (amount) 0 1" in lines
    assert "newly refused so_a/1.csv, row 6: correct.max (amount)" in lines
    assert lines[-1].startswith("landed deliveries judged again: 1; 1 row newly refused, 0 newly")
    assert NAME not in " ".join(lines)


def test_a_delivery_that_would_be_refused_as_a_whole_is_in_the_summary(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = bench.again(with_feed(bench.entry, acceptance_floor=1.0))
    text = shown(strict, capsys, as_json=False)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "before if it applied" in lines
    assert "accepted 5 0" in lines
    assert "NOT APPLIED: what stands stays, 5 rows" in lines
    assert (
        "0 rows newly refused, 0 newly accepted. NOT APPLIED as a whole: 1 of them (1 below_floor),"
        " whose 5 rows accepted before stay. After `ioc reprocess` they wait for a person:"
        " `ioc approvals list`."
    ) in lines[-1]


def test_for_a_program(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    (change,) = json.loads(shown(bench, capsys, as_json=True))
    assert (change["outcome"], change["applies"]) == ("partly_accepted", True)
    assert change["newly_refused"] == [
        {"file": "so_a/1.csv", "sheet": None, "row": 6, "rules": ["correct.max (amount)"]}
    ]
