"""A complaint goes to who supplied the value; what people wrote stays in the ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from contracts.base import VIETNAM
from ioc_pipelines import cli_complaints
from ioc_pipelines.catalog.models import Deadlines, Mail
from ioc_pipelines.cli import app
from ioc_pipelines.ledger.complaints import Complaint
from ioc_pipelines.orchestration.complaining import (
    ComplaintRefusedError,
    answer,
    answer_days,
    complain,
    complaint_of,
)
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.noticing import send_notices
from ioc_pipelines.warehouse.build import LEDGER_EXPORTS
from tests.mail_box import mail_box
from tests.orchestration.deployments import (
    NAME,
    PHONE,
    PROFILE,
    Bench,
    csv_feed,
    dropped,
    xlsx_feed,
)

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
            create schema core;
            create table marts.indicator as select * from (values
                ('TAX', 'Thu thuế', 'tỷ đồng')) as v(indicator_code, name_vi, unit);
            create table core.dim_admin_unit as select * from (values
                ('33@2025-07-01', 'Tỉnh Hưng Yên')) as v(unit_id, full_name);
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


# -- who is told ----------------------------------------------------------------------------------


def told_of(bench: Bench, complaint: Complaint) -> list[tuple[str, str, bool]]:
    """Feed, way, and whether it worked."""
    told = send_notices(bench.deployment, complaint)
    return [(one.feed, one.way, not one.problem) for one in told]


def with_outbox(bench: Bench, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Bench:
    """The same province, of whose feeds the first has an outbox."""
    monkeypatch.setenv("TEST_DROP", str(bench.drop))
    connector = dropped("so_a/*.csv", outbox="so_a/phan-hoi")
    return bench.again(csv_feed(connector=connector, **changes), xlsx_feed())


def test_the_feeds_officer_finds_a_short_notice_in_the_outbox(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = with_outbox(bench, monkeypatch)
    made = complained(bench, complainant=NAME)
    assert told_of(bench, made) == [
        ("so_a/test.upsert", "outbox", True),
        ("so_b/test.upsert", "nowhere", True),
        ("so_cu/test.upsert", "nowhere", True),
    ]
    (notice,) = (bench.drop / "so_a" / "phan-hoi").iterdir()
    assert notice.name == f"kien-nghi-test.upsert-{made.reference}.txt"
    lines = notice.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == f"KIẾN NGHỊ VỀ SỐ LIỆU ĐÃ CÔNG BỐ: {made.reference}"
    assert "Nguồn: Nguồn thử, lô batch-1" in lines
    assert "Số liệu: Thu thuế, Tỉnh Hưng Yên, tháng 10/2026: 12,5 tỷ đồng" in lines
    due = made.due_at.astimezone(VIETNAM)
    assert f"Hạn trả lời: {due:%d/%m/%Y}" in lines
    assert len(lines) < 12
    # what people wrote may name people, and a folder is read by more than one
    for written in (NAME, PHONE, "Số liệu sai"):
        assert written not in "\n".join(lines)
    done = answer(bench.deployment, made.reference, "accepted", f"{NAME} gửi lại")
    told_of(bench, done)
    assert list((bench.drop / "so_a" / "phan-hoi").iterdir()) == [notice]
    after = notice.read_text(encoding="utf-8-sig")
    assert "đã được trả lời: chấp nhận" in after
    assert "Hạn trả lời" not in after
    assert NAME not in after


def test_it_is_mailed_once_where_packs_are(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    person = {"position": "Trưởng phòng", "unit": "Sở A", "email_env": "TEST_ADDRESS"}
    bench = with_outbox(bench, monkeypatch, focal_point=person)
    profile = PROFILE.model_copy(update={"mail": Mail(url_env="TEST_MAIL")})
    catalog = replace(bench.deployment.catalog, profile=profile)
    bench = Bench(Deployment(bench.deployment.home, catalog), bench.drop)
    made = complained(bench)
    monkeypatch.setenv("TEST_ADDRESS", "dau.moi@so-a.example")
    monkeypatch.setenv("TEST_MAIL", "mailto://127.0.0.1:1?from=ioc@tinh.example&mode=insecure")
    ways = [("so_a/test.upsert", "outbox", True), ("so_a/test.upsert", "mail", False)]
    assert told_of(bench, made)[:2] == ways
    with mail_box() as box:
        monkeypatch.setenv("TEST_MAIL", box.url)
        for _ in range(2):
            assert all(worked for *_, worked in told_of(bench, made))
        (mail,) = box.mails
        done = answer(bench.deployment, made.reference, "rejected", "đúng")
        told_of(bench, done)
        assert len(box.mails) == 2
    said = "".join(
        part.get_payload(decode=True).decode()  # type: ignore[union-attr]
        for part in mail.walk()
        if part.get_content_maintype() == "text"
    )
    assert made.reference in said
    assert "Thu thuế" in said
    assert NAME not in said
    tries = [
        (row["batch_id"].split(" ")[1], bool(row["problem"])) for row in bench.table("mailing")
    ]
    assert tries == [("open", True), ("open", False), ("rejected", False)]
    assert "dau.moi" not in str(bench.table("mailing"))


def test_an_outbox_out_of_reach_is_told_and_the_complaint_stands(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = with_outbox(bench, monkeypatch)
    (bench.drop / "so_a").write_text("a file where the folder should be")
    what = ("--indicator", "TAX", "--period-start", "2026-10-01", "--unit", UNIT, "--text", SAID)
    added = run(bench, monkeypatch, "add", *what)
    assert added.exit_code == 0
    reference = added.stdout.strip().splitlines()[-1]
    assert f"`ioc complaints send {reference}`" in added.stderr
    assert "so_b/test.upsert: no outbox and no address" in added.stderr
    assert run(bench, monkeypatch, "send", reference).exit_code == 1
    (bench.drop / "so_a").unlink()
    again = run(bench, monkeypatch, "send", reference, "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)[0] == {
        "feed": "so_a/test.upsert",
        "way": "outbox",
        "problem": "",
    }
    assert run(bench, monkeypatch, "send", "KN-0").exit_code == 2


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
