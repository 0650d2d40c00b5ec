"""What holds of every delivery, also of one that fails in a way nobody foresaw."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from contracts.base import column
from ioc_pipelines.intake.landing import Landing
from ioc_pipelines.orchestration import judging
from ioc_pipelines.orchestration.judging import OUTCOMES
from tests.orchestration.deployments import (
    DAY,
    NAME,
    NIGHT,
    PHONE,
    Bench,
    Claims,
    csv_feed,
    entry,
    expected_scores,
    good,
    info,
    sql_feed,
    utc,
    write_csv,
    write_database,
    write_xlsx,
    xlsx_feed,
)


def test_an_unforeseen_failure_is_an_outcome_and_the_next_feed_goes_on(
    tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench.of(tmp_path, csv_feed(), csv_feed(agency="so_z"))
    write_csv(drop / "so_a" / "1.csv", good(10))
    write_csv(drop / "so_z" / "1.csv", good(10, start=51))
    first, second = bench.deployment.catalog.entries
    bench.deliver()
    before = bench.accepted_files(), bench.acceptances()

    real = Landing.land

    def fail_one(self, feed, *rest):  # type: ignore[no-untyped-def]
        if feed == first.id:
            raise OSError(28, "No space left on device")
        return real(self, feed, *rest)

    monkeypatch.setattr(Landing, "land", fail_one)
    write_csv(drop / "so_a" / "1.csv", good(3, start=31))
    failed = bench.deliver(NIGHT + DAY)
    assert failed.outcome == "error"
    assert "OSError" in failed.detail["problem"]
    assert (bench.accepted_files(), bench.acceptances()) == before
    other = bench.deliver(NIGHT + DAY, second)
    assert (other.outcome, len(bench.acceptances())) == ("accepted", 2)
    assert {row["outcome"] for row in bench.table("delivery")} == {"accepted", "error"}


def test_what_an_unforeseen_error_says_is_not_logged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Libraries quote the value they failed on."""

    def fail(*_: object, **__: object) -> None:
        raise ValueError(f"conversion failed for value '{NAME}', {PHONE}")

    write_csv(bench.drop / "so_a" / "1.csv", good(3))
    monkeypatch.setattr(judging, "judge", fail)
    report = bench.deliver(NIGHT + DAY)
    assert (report.outcome, report.detail["problem"]) == ("error", "internal error: ValueError")
    said = caplog.text + str(bench.table("delivery"))
    assert "ValueError" in caplog.text
    assert NAME not in said
    assert PHONE not in said


class TwoFormats(Claims):
    """Two of pandera's own checks of one column that have one rule id: both are formats."""

    __contract__ = info("two_formats")

    code: str = column(vi="Mã", en="Code", str_matches=r"^K\d{3}$", str_startswith="K0")


def test_a_column_may_have_two_checks_of_one_kind(tmp_path: Path, drop: Path) -> None:
    """A contract is valid or refused when it is loaded; it never breaks the delivery."""
    known = csv_feed()
    facts = known.feed.model_dump(include={"connector", "layout", "columns"})
    bench = Bench.of(tmp_path, entry(TwoFormats, "so_a", **facts))
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("K101", "Người", "5", "15/11/2026")])
    report = bench.deliver()
    assert report.outcome == "partly_accepted"
    assert report.batch is not None
    assert report.batch.rows_quarantined == 1


@pytest.mark.parametrize("mode", ["append", "upsert", "snapshot"])
def test_no_row_vanishes_whatever_comes(tmp_path: Path, drop: Path, mode: str) -> None:
    rng = random.Random(f"{mode}-2026")  # noqa: S311
    bench = Bench.of(tmp_path, csv_feed(mode, acceptance_floor=0.5))
    wanted = {}
    for night in range(12):
        rows = [_any_row(rng) for _ in range(rng.randint(1, 40))]
        rows += rng.choices(rows, k=rng.randint(0, 8))
        write_csv(drop / "so_a" / "1.csv", rows)
        report = bench.deliver(NIGHT + night * DAY)
        assert report.batch is not None
        wanted[report.batch.batch_id] = (len(rows), len(rows) - len(set(rows)))
        accepted = report.batch.rows_accepted
        assert bench.quarantined(report.batch.batch_id).height == report.batch.rows_quarantined
        if accepted:
            assert bench.accepted(report.batch.batch_id).height == accepted
    found = bench.table("batch")
    assert len(found) == len(wanted) == 12
    for row in found:
        parts = row["rows_accepted"] + row["rows_quarantined"] + row["rows_duplicate"]
        assert row["rows_received"] == parts
        assert (row["rows_received"], row["rows_duplicate"]) == wanted[row["batch_id"]]
    statuses = Counter(row["status"] for row in found)
    assert statuses["below_floor"] > 0
    assert statuses["partly_accepted"] + statuses["accepted"] > 0


def test_sources_are_only_read(tmp_path: Path, drop: Path) -> None:
    benches = [Bench.of(tmp_path, feed) for feed in (csv_feed(), xlsx_feed(), sql_feed())]
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("?", "", "-1", "x")])
    write_csv(drop / "so_a" / "2.csv", good(3), ("a", "b", "c", "d"))
    write_xlsx(drop / "so_b" / "1.xlsx", good(10))
    path = tmp_path / "claims.db"
    write_database(path, [("K001", "Người 1", 5, "2026-11-15", "2026-11-16 08:00:00")])
    files = [path, *sorted(p for p in drop.rglob("*") if p.is_file())]
    before = [(p.read_bytes(), p.stat().st_mtime_ns, p.stat().st_mode) for p in files]
    outcomes = {bench.deliver(NIGHT + n * DAY).outcome for bench in benches for n in (0, 1)}
    assert {"accepted", "partly_accepted", "no_news"} <= outcomes
    assert [(p.read_bytes(), p.stat().st_mtime_ns, p.stat().st_mode) for p in files] == before
    assert len(before) == 4
    assert sorted(p.name for p in tmp_path.iterdir()) == ["claims.db", "drop", "var"]


def test_an_outcome_and_every_rule_is_recorded(bench: Bench) -> None:
    (delivered,) = bench.table("delivery")
    assert delivered["outcome"] in OUTCOMES
    assert delivered["started_at"] == utc(NIGHT)
    assert delivered["arrived"]
    rules = {(row["rule"], row["column_name"]) for row in bench.table("rule_result")}
    assert len(rules) == 17
    assert ("live.on_time", "") in rules
    assert {row["dimension"] for row in bench.table("score")} == set(expected_scores())


def test_another_process_sees_what_was_concluded(bench: Bench) -> None:
    other = bench.again(bench.entry)
    assert other.deployment.ledger is not bench.deployment.ledger
    assert other.current() == bench.current() is not None


def _any_row(rng: random.Random) -> tuple[str, str, str, str]:
    return (
        rng.choice(["K001", "k2", "", *(f"K{rng.randint(3, 999):03d}" for _ in range(17))]),
        rng.choice(["Người", "Người khác", "Ai đó", "Ai khác", "Không ai", ""]),
        rng.choice(["5", "17", "400", "9", "21", "-3", "mười", ""]),
        rng.choice([*["15/11/2026", "01/11/2026"] * 4, "32/13/2026", "01/01/2020"]),
    )
