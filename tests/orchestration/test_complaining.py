"""A complaint goes to who supplied the value; what people wrote stays in the ledger."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from ioc_pipelines import cli_complaints
from ioc_pipelines.catalog.models import Deadlines
from ioc_pipelines.cli import app
from ioc_pipelines.ledger.complaints import Complaint
from ioc_pipelines.orchestration.complaining import (
    ComplaintRefusedError,
    answer,
    answer_days,
    complain,
    complaint_of,
)
from ioc_pipelines.warehouse.build import LEDGER_EXPORTS
from tests.orchestration.deployments import NAME, PHONE, PROFILE, Bench, csv_feed, xlsx_feed

UNIT, OCTOBER = "33@2025-07-01", date(2026, 10, 1)
SAID = f"Số liệu sai, gọi {NAME} {PHONE}"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A published file with one value of two feeds, and one that begins a month and a year."""
    monkeypatch.setenv("IOC_ACTOR", "anh Ba")
    bench = Bench.of(tmp_path, csv_feed(), xlsx_feed())
    home = bench.deployment.home
    snapshot = home.snapshots / "s1"
    snapshot.mkdir(parents=True)
    home.published.mkdir(parents=True)
    with duckdb.connect(str(snapshot / "ioc.duckdb")) as connection:
        connection.execute("""
            create schema marts;
            create table marts.indicator_value as
            select * from (values
                ('TAX', 'month', date '2026-10-01', '33@2025-07-01', 12.5),
                ('TAX', 'month', date '2026-01-01', '33@2025-07-01', 1.0),
                ('TAX', 'year', date '2026-01-01', '33@2025-07-01', 100.0)
            ) as v(indicator_code, period_type, period_start, unit_id, value);
            create table marts.indicator_lineage as
            select v.*, l.feed, l.batch_id from marts.indicator_value as v, (values
                ('so_a/test.upsert', 'batch-1'),
                ('so_b/test.upsert', 'batch-2'),
                ('so_cu/test.upsert', 'batch-3')
            ) as l(feed, batch_id)
            where v.period_type = 'month' or l.feed like 'so_a/%';
        """)
    (home.published / "ioc.duckdb").symlink_to(snapshot / "ioc.duckdb")
    return bench


def complained(bench: Bench, **changes: Any) -> Complaint:
    asked: dict[str, Any] = {"indicator": "TAX", "period_start": OCTOBER, "unit_id": UNIT} | changes
    return complain(bench.deployment, text=SAID, **asked)


def test_a_complaint_goes_to_every_agency_that_supplied_the_value(bench: Bench) -> None:
    made = complained(bench, complainant="CV 12/SYT")
    assert made == complaint_of(bench.deployment, made.reference)
    assert made.agencies == ["so_a", "so_b", "so_cu"]
    assert [(s.feed, s.batch_id) for s in made.supplies] == [
        ("so_a/test.upsert", "batch-1"),
        ("so_b/test.upsert", "batch-2"),
        ("so_cu/test.upsert", "batch-3"),
    ]
    assert (made.status, made.opened_by, made.subject.value) == ("open", "anh Ba", 12.5)
    assert (made.subject.snapshot_id, made.subject.period_type) == ("s1", "month")
    assert made.due_at - made.opened_at == timedelta(days=5)
    (row,) = bench.table("complaint")
    assert row["is_authenticated"] is False


def test_the_deadline_is_the_profiles_where_it_has_one() -> None:
    assert answer_days(PROFILE) == 5
    asked = Deadlines(verify_days=1, fix_days=1, conflict_days=2, source="văn bản thử")
    by_profile = [
        answer_days(PROFILE.model_copy(update={"deadlines": deadlines}))
        for deadlines in (asked, asked.model_copy(update={"complaint_days": 10}))
    ]
    assert by_profile == [5, 10]


@pytest.mark.parametrize(
    "changes",
    [{"indicator": "NO"}, {"period_start": date(2026, 9, 1)}, {"unit_id": "01@2025-07-01"}],
    ids=str,
)
def test_what_is_not_published_cannot_be_complained_about(
    bench: Bench, changes: dict[str, Any]
) -> None:
    with pytest.raises(ComplaintRefusedError, match="no value of"):
        complained(bench, **changes)
    assert bench.table("complaint") == []


def test_of_a_month_and_a_year_that_begin_together_one_is_named(bench: Bench) -> None:
    january = date(2026, 1, 1)
    with pytest.raises(ComplaintRefusedError, match="--period-type month, year"):
        complained(bench, period_start=january)
    made = complained(bench, period_start=january, period_type="year")
    assert (made.subject.value, made.agencies) == (100.0, ["so_a"])


def test_before_anything_is_published_there_is_nothing_to_complain_about(tmp_path: Path) -> None:
    with pytest.raises(ComplaintRefusedError, match="nothing is published"):
        complained(Bench.of(tmp_path, csv_feed()))


def test_a_complaint_says_something(bench: Bench) -> None:
    with pytest.raises(ComplaintRefusedError, match="--text"):
        complain(bench.deployment, "TAX", OCTOBER, UNIT, "  ")


def test_an_answer_closes_it_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = complained(bench).reference
    with pytest.raises(ComplaintRefusedError, match="--outcome"):
        answer(bench.deployment, reference, "accepted", " ")
    monkeypatch.setenv("IOC_ACTOR", "chi Lan")
    done = answer(bench.deployment, reference, "rejected", "đúng theo báo cáo")
    assert (done.status, done.answered_by, done.outcome) == (
        "rejected",
        "chi Lan",
        "đúng theo báo cáo",
    )
    assert done.answered_at is not None
    with pytest.raises(ComplaintRefusedError, match="answered already: rejected"):
        answer(bench.deployment, reference, "accepted", "khác")
    assert complaint_of(bench.deployment, reference) == done
    with pytest.raises(ComplaintRefusedError, match="no complaint"):
        answer(bench.deployment, "KN-0", "accepted", "x")


def test_what_people_wrote_is_not_exported(bench: Bench) -> None:
    complained(bench, complainant=NAME)
    exported = [table for table in LEDGER_EXPORTS if table.startswith("complaint")]
    assert exported == ["complaint", "complaint_feed"]
    for table in exported:
        assert bench.table(table)
        assert NAME not in str(bench.table(table))
    assert NAME in str(bench.table("complaint_text"))


# -- the command ----------------------------------------------------------------------------------


def run(bench: Bench, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setattr(cli_complaints, "deployment_of", lambda _: bench.deployment)
    return CliRunner().invoke(app, ["complaints", *arguments])


def test_the_command_adds_lists_shows_and_answers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = ("--indicator", "TAX", "--period-start", "2026-10-01", "--unit", UNIT, "--text", SAID)
    added = run(bench, monkeypatch, "add", *what)
    assert added.exit_code == 0
    assert NAME not in added.output
    reference = added.stdout.strip().splitlines()[-1]
    (listed,) = json.loads(run(bench, monkeypatch, "list", "--json").stdout)
    assert (listed["reference"], listed["agencies"]) == (reference, "so_a, so_b, so_cu")
    assert (listed["is_overdue"], listed["status"]) == (False, "open")
    assert NAME not in str(listed)
    assert reference in run(bench, monkeypatch, "list").stdout
    assert SAID in run(bench, monkeypatch, "show", reference).stdout
    for flags in (["--accepted", "--rejected"], ["--rejected", "--accepted"], []):
        both = run(bench, monkeypatch, "answer", reference, *flags, "--outcome", "gửi lại")
        assert both.exit_code == 2
        assert "one of --accepted and --rejected" in both.stderr
    answered = run(bench, monkeypatch, "answer", reference, "--accepted", "--outcome", "gửi lại")
    assert answered.exit_code == 0
    assert json.loads(run(bench, monkeypatch, "list", "--json").stdout) == []
    (closed,) = json.loads(run(bench, monkeypatch, "list", "--all", "--json").stdout)
    assert closed["status"] == "accepted"
    again = run(bench, monkeypatch, "answer", reference, "--rejected", "--outcome", "x")
    assert again.exit_code == 1


def test_wrong_usage_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    what = ("--indicator", "TAX", "--unit", UNIT, "--text", "x", "--period-start")
    assert run(bench, monkeypatch, "add", *what, "10/2026").exit_code == 2
    assert run(bench, monkeypatch, "add", *what, "2025-10-01").exit_code == 1
    assert run(bench, monkeypatch, "show", "KN-0").exit_code == 2
