"""Refused rows go back to the agency, come back corrected, and are closed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import openpyxl
import polars as pl
import pytest
import xlsxwriter

from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.catalog.models import Approval, Deadlines
from ioc_pipelines.connectors.fetched import SourceFile
from ioc_pipelines.home import SOURCES
from ioc_pipelines.intake.pack_form import MASK, ROWS_SHEET
from ioc_pipelines.orchestration.approving import decide, waiting
from ioc_pipelines.orchestration.delivery import deliver_correction, reprocess
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.feedback import feedback_of
from ioc_pipelines.orchestration.feeds import intake_assets
from ioc_pipelines.orchestration.returned_files import take_corrections
from tests.orchestration.deployments import (
    APPROVER,
    COLUMNS,
    DAY,
    NIGHT,
    PROFILE,
    Bench,
    csv_feed,
    dropped,
    good,
    hashes,
    sql_feed,
    with_feed,
    write_csv,
    write_database,
    write_xlsx,
    xlsx_feed,
)
from tests.orchestration.loop import FIXED, OUTBOX, cases, corrected, night, pack, statuses

DEADLINES = Deadlines(verify_days=5, fix_days=5, conflict_days=15, source="thử")


def with_profile(bench: Bench, **changes: Any) -> Bench:
    profile = PROFILE.model_copy(update=changes)
    catalog = replace(bench.deployment.catalog, profile=profile)
    return Bench(Deployment(bench.deployment.home, catalog), bench.drop)


@pytest.fixture
def bench(tmp_path: Path, drop: Path) -> Bench:
    """Ten rows, two of them refused, and the pack in the outbox."""
    connector = dropped("so_a/*.csv", outbox=OUTBOX)
    made = with_profile(Bench.of(tmp_path, csv_feed(connector=connector)), deadlines=DEADLINES)
    rows = good(10)
    rows[3] = ("K004", "", "-5", "15/11/2026")
    rows[6] = ("K007", "=cmd|'/c calc'!A1", "nhiều", "15/11/2026")
    write_csv(drop / "so_a" / "1.csv", rows)
    night(made, NIGHT)
    return made


def test_refused_rows_are_closed_by_the_pack_that_comes_back(bench: Bench) -> None:
    assert statuses(bench) == [("open", 1), ("open", 1)]
    first = pack(bench)
    assert {p.suffix for p in (bench.drop / OUTBOX).iterdir()} == {".xlsx", ".html", ".txt"}
    corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    correction, full = night(bench, NIGHT + DAY)
    assert (correction.kind, correction.outcome, full.outcome) == (
        "correction",
        "accepted",
        "no_news",
    )
    assert correction.batch is not None
    assert (correction.batch.rows_received, correction.batch.rows_accepted) == (2, 2)
    found = cases(bench, NIGHT + 100 * DAY).values()
    assert {(row["status"], row["attempt"], row["is_overdue"]) for row in found} == {
        ("corrected", 2, False)
    }
    assert {row["closed_by_batch"] for row in found} == {correction.batch.batch_id}
    rows = bench.accepted(correction.batch.batch_id).sort("code")
    assert rows.select("code", "name", "amount").rows() == [
        ("K004", "Người 4", 4000),
        # what looks like a formula is the text that the agency sent
        ("K007", "=cmd|'/c calc'!A1", 7000),
    ]
    assert rows["_file"].unique().to_list() == [f"so_a/{first.name}"]
    assert rows["_row"].to_list() == [4, 5]
    # the full set is what the next one is compared with, and the feed is as old as that
    assert bench.current() != correction.batch.batch_id
    assert bench.deployment.ledger.deliveries.last_arrival(bench.entry.id) == NIGHT


def test_the_same_file_twice_changes_nothing(bench: Bench) -> None:
    first = pack(bench)
    corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    night(bench, NIGHT + DAY)
    before = bench.acceptances(), bench.accepted_files(), len(bench.table("delivery"))
    (full,) = night(bench, NIGHT + 2 * DAY)
    assert full.kind == "fetch"
    # under the name that a desktop gives the second copy
    name = first.name.replace(".xlsx", " (1).xlsx")
    shutil.copy(bench.drop / "so_a" / first.name, bench.drop / "so_a" / name)
    assert len(night(bench, NIGHT + 3 * DAY)) == 1
    assert (bench.acceptances(), bench.accepted_files()) == before[:2]
    assert len(bench.table("delivery")) == before[2] + 2


def test_a_pack_saved_again_says_the_same(bench: Bench) -> None:
    first = pack(bench)
    path = corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    night(bench, NIGHT + DAY)
    before = bench.acceptances(), bench.accepted_files()
    corrected(first, path, K004={**FIXED["K004"]}, K007={"Số tiền": 7000.0})
    again, _ = night(bench, NIGHT + 2 * DAY)
    assert again.outcome == "seen_before"
    assert (bench.acceptances(), bench.accepted_files()) == before


def test_what_is_still_wrong_is_handed_back_with_a_new_ticket(bench: Bench) -> None:
    (old,) = {batch for batch, _ in cases(bench)}
    first = pack(bench)
    wrong = {"K004": FIXED["K004"], "K007": {"Số tiền": "-7"}}
    corrected(first, bench.drop / "so_a" / first.name, **wrong)
    report = night(bench, NIGHT + DAY)[0]
    assert report.outcome == "partly_accepted"
    assert report.batch is not None
    found = cases(bench)
    assert statuses(bench) == [("corrected", 2), ("open", 2), ("superseded", 1)]
    (open_,) = [row for row in found.values() if row["status"] == "open"]
    assert open_["batch_id"] == report.batch.batch_id != old
    assert open_["first_refused_at"] == NIGHT
    second = pack(bench)
    assert second != first
    corrected(second, bench.drop / "so_a" / second.name, K007={"Số tiền": 7})
    night(bench, NIGHT + 2 * DAY)
    assert statuses(bench) == [("corrected", 2), ("corrected", 3), ("superseded", 1)]


def test_an_unchanged_pack_is_the_same_attempt(bench: Bench) -> None:
    first = pack(bench)
    shutil.copy(first, bench.drop / "so_a" / first.name)
    report = night(bench, NIGHT + DAY)[0]
    assert report.outcome == "below_floor"
    assert statuses(bench) == [("open", 1)] * 2 + [("superseded", 1)] * 2
    assert len({ticket for _, ticket in cases(bench)}) == 2


def test_a_key_that_was_wrong_can_be_corrected(tmp_path: Path, drop: Path) -> None:
    connector = dropped("so_a/*.csv", outbox=OUTBOX)
    bench = Bench.of(tmp_path, csv_feed(connector=connector))
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("k-10", "Người 10", "1", "15/11/2026")])
    night(bench, NIGHT)
    first = pack(bench)
    corrected(first, bench.drop / "so_a" / first.name, **{"k-10": {"Mã": "K010"}})
    assert night(bench, NIGHT + DAY)[0].outcome == "accepted"
    assert statuses(bench) == [("corrected", 2)]
    # the wrong row is read again with its folder: it stays closed
    write_csv(drop / "so_a" / "2.csv", good(3, start=20))
    night(bench, NIGHT + 2 * DAY)
    assert statuses(bench) == [("corrected", 2)] * 2
    assert len(list((bench.drop / OUTBOX).glob("can-sua-*"))) == 1


def test_a_row_mended_at_the_source_is_closed_too(bench: Bench) -> None:
    write_csv(bench.drop / "so_a" / "1.csv", good(10))
    night(bench, NIGHT + DAY)
    assert statuses(bench) == [("corrected", 2)] * 2


def test_a_masked_cell_that_comes_back_is_as_received(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("K010", "Bí Mật", "-1", "15/11/2026")])
    report = bench.deliver()
    assert report.batch is not None
    now = datetime.now(UTC)
    made = feedback_of(bench.deployment, bench.entry, report.batch.batch_id, now, masked=True)
    path = tmp_path / "masked.xlsx"
    path.write_bytes(made.pack)
    said = [cell.value for row in openpyxl.load_workbook(path)[ROWS_SHEET] for cell in row]
    assert MASK in said
    assert not [text for text in said if "Bí Mật" in str(text)]
    corrected(path, drop / "so_a" / made.pack_name, K010={"Số tiền": 10})
    (correction,) = take_corrections(bench.deployment, bench.entry, "run", NIGHT + DAY)
    assert correction.batch is not None
    rows = bench.accepted(correction.batch.batch_id)
    assert rows.select("name", "amount").rows() == [("Bí Mật", 10)]


@pytest.mark.parametrize(
    ("heading", "value", "reason"),
    [
        ("Mã phiếu", "P000000000000000", "mã phiếu không đúng ở hàng 4"),
        ("Mã phiếu", None, "thiếu mã phiếu ở hàng 4"),
    ],
)
def test_a_damaged_ticket_is_refused_with_its_row(
    bench: Bench, heading: str, value: Any, reason: str
) -> None:
    first = pack(bench)
    book = openpyxl.load_workbook(first)
    book[ROWS_SHEET].cell(4, 1).value = value
    book.save(bench.drop / "so_a" / first.name)
    report = night(bench, NIGHT + DAY)[0]
    assert report.outcome == "structure_mismatch"
    assert reason in report.detail["problem"]
    receipt = bench.drop / OUTBOX / "bien-nhan-can-sua-test.upsert.txt"
    assert reason in receipt.read_text(encoding="utf-8-sig")
    assert statuses(bench) == [("open", 1)] * 2
    # it lies there every night, and is refused once
    assert len(night(bench, NIGHT + 2 * DAY)) == 1


def test_a_pack_of_another_feed_is_refused(bench: Bench, tmp_path: Path, drop: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Bench.of(tmp_path / "other", csv_feed(agency="so_x", connector=dropped("x/*.csv")))
    write_csv(drop / "x" / "1.csv", [*good(9), ("K010", "Người", "-1", "15/11/2026")])
    found = other.deliver()
    assert found.batch is not None
    now = datetime.now(UTC)
    made = feedback_of(other.deployment, other.entry, found.batch.batch_id, now, masked=False)
    (drop / "so_a" / made.pack_name).write_bytes(made.pack)
    report = night(bench, NIGHT + DAY)[0]
    assert report.outcome == "structure_mismatch"
    assert "của nguồn so_x/test.upsert" in report.detail["problem"]


def test_a_correction_is_never_an_ordinary_file(tmp_path: Path, drop: Path) -> None:
    connector = dropped("so_b/*.xlsx", outbox="so_b/phan-hoi")
    bench = Bench.of(tmp_path, xlsx_feed(connector=connector))
    rows: list[Any] = [(c, n, int(a), d) for c, n, a, d in good(10)]
    rows[2] = ("K003", "Người 3", -1.5, "15/11/2026")
    write_xlsx(drop / "so_b" / "1.xlsx", rows)
    (full,) = night(bench, NIGHT)
    assert full.outcome == "partly_accepted"
    (first,) = (drop / "so_b" / "phan-hoi").glob("can-sua-*.xlsx")
    corrected(first, drop / "so_b" / f"Bản sao của {first.name}", K003={"Số tiền": 3})
    correction, full = night(bench, NIGHT + DAY)
    assert (correction.outcome, full.outcome) == ("accepted", "no_news")
    assert "refused_files" not in full.detail


def test_cells_of_a_database_keep_their_types(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, sql_feed())
    rows = [(f"K{n:03d}", f"Người {n}", n, "2026-11-15", f"2026-11-1{n} 08:00:00") for n in (1, 2)]
    rows.append(("K003", "Người 3", -3, "2026-11-15", "2026-11-13 08:00:00"))
    write_database(
        tmp_path / "claims.db",
        [*rows, *((f"K0{n}", "A", 1, "2026-11-15", "2026-11-13 08:00:00") for n in range(10, 20))],
    )
    report = bench.deliver()
    assert report.batch is not None
    now = datetime.now(UTC)
    made = feedback_of(bench.deployment, bench.entry, report.batch.batch_id, now, masked=False)
    source, target = tmp_path / "pack.xlsx", tmp_path / made.pack_name
    source.write_bytes(made.pack)
    book = openpyxl.load_workbook(source)
    sheet = book[ROWS_SHEET]
    headings = [cell.value for cell in sheet[3]]
    sheet.cell(4, headings.index("amount") + 1).value = 33
    book.save(target)
    file = SourceFile(target.name, target)
    correction = deliver_correction(bench.deployment, bench.entry, "run", file, NIGHT + DAY)
    assert correction.outcome == "accepted"
    assert correction.batch is not None
    accepted = bench.accepted(correction.batch.batch_id)
    assert accepted.select("code", "amount").rows() == [("K003", 33)]
    assert str(accepted["paid_on"][0]) == "2026-11-15"


def test_corrections_are_replayed_in_their_place(bench: Bench) -> None:
    first = pack(bench)
    corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    night(bench, NIGHT + DAY)
    before = bench.acceptances(), bench.accepted_files(), cases(bench, NIGHT)
    # rows can be rebuilt from the landing and the ledger alone
    shutil.rmtree(bench.deployment.home.quarantine)
    shutil.rmtree(bench.deployment.home.accepted)
    reports = reprocess(bench.deployment, bench.entry, "again")
    assert [report.kind for report in reports] == ["fetch", "correction"]
    assert (bench.acceptances(), bench.accepted_files(), cases(bench, NIGHT)) == before


def test_a_correction_may_wait_for_approval(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asks = Approval(approver=APPROVER, document="số 1", automatic_from=None)
    careful = with_profile(bench, approval=asks)
    monkeypatch.setenv("IOC_ACTOR", "lich-chay")
    first = pack(bench)
    corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    report = night(careful, NIGHT + DAY)[0]
    assert report.outcome == "awaiting_approval"
    assert report.batch is not None
    assert {status for status, _ in statuses(careful)} == {"open"}
    assert [batch.batch_id for batch in waiting(careful.deployment)] == [report.batch.batch_id]
    monkeypatch.setenv("IOC_ACTOR", "chi Lan")
    decide(careful.deployment, report.batch.batch_id, "approved", "đúng")
    reprocess(careful.deployment, careful.entry, "again", report.batch.batch_id)
    assert statuses(careful) == [("corrected", 2)] * 2


@pytest.mark.parametrize("newer", [False, True], ids=["nothing since", "mended since"])
def test_a_correction_that_was_approved_enters_with_the_next_refresh(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, newer: bool
) -> None:
    """In the place that it has: what the source sent since is newer. Its file may be gone."""
    asks = Approval(approver=APPROVER, document="số 1", automatic_from=None)
    careful = with_profile(bench, approval=asks)
    monkeypatch.setenv("IOC_ACTOR", "lich-chay")
    first = pack(bench)
    path = corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    waits = night(careful, NIGHT + DAY)[0]
    assert waits.batch is not None
    path.unlink()
    if newer:
        rows = [(code, name, "1", day) for code, name, _, day in good(10)]
        write_csv(bench.drop / "so_a" / "1.csv", rows)
        night(bench, NIGHT + 2 * DAY)
    monkeypatch.setenv("IOC_ACTOR", "chi Lan")
    decide(careful.deployment, waits.batch.batch_id, "approved", "đúng")
    for _ in range(2):
        with dg.DagsterInstance.ephemeral() as instance:
            assets = [intake_assets(careful.deployment)]
            assert dg.materialize(assets, instance=instance).success
    assert careful.acceptances()[1] == (waits.batch.batch_id, 2)
    assert statuses(careful) == [("corrected", 2)] * 2
    assert waiting(careful.deployment) == []
    outcomes = [(row["kind"], row["outcome"]) for row in careful.table("delivery")]
    assert outcomes.count(("reprocess", "accepted")) == 1


def test_ageing_counts_days_in_viet_nam_and_stops_when_closed(bench: Bench) -> None:
    due = datetime(2026, 11, 30, 23, 59, 59, tzinfo=NIGHT.tzinfo)
    second = timedelta(seconds=1)
    for now, overdue in ((due, False), (due + second, True)):
        found = cases(bench, now).values()
        assert {(row["due_at"], row["is_overdue"]) for row in found} == {(due, overdue)}
    tickets = sorted({ticket for _, ticket in cases(bench)})
    bench.deployment.closings.record(tickets, actor="chi Lan", reason="thôi", now=due - DAY)
    found = cases(bench, due + 100 * DAY).values()
    assert {(row["status"], row["is_overdue"]) for row in found} == {("closed", False)}
    assert {row["closed_at"] for row in found} == {due - DAY}


def test_landing_is_only_added_to(bench: Bench) -> None:
    landed = hashes(bench.deployment.home.landing)
    first = pack(bench)
    corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    night(bench, NIGHT + DAY)
    after = hashes(bench.deployment.home.landing)
    assert landed.items() <= after.items()
    assert len(after) == len(landed) + 3


def test_nothing_in_a_pack_is_a_formula(bench: Bench) -> None:
    book = openpyxl.load_workbook(pack(bench))
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    (bad,) = [cell for cell in cells if str(cell.value).startswith("=cmd")]
    assert (bad.data_type, bad.quotePrefix) == ("s", True)


def test_rows_held_back_with_their_batch_have_no_case(tmp_path: Path, drop: Path) -> None:
    connector = dropped("so_a/*.csv", outbox=OUTBOX)
    bench = Bench.of(tmp_path, csv_feed(connector=connector))
    spoilt = [(c, n, "-1" if c < "K004" else a, d) for c, n, a, d in good(10)]
    write_csv(drop / "so_a" / "1.csv", spoilt)
    (report,) = night(bench, NIGHT)
    assert report.outcome == "below_floor"
    assert statuses(bench) == [("open", 1)] * 3
    book = openpyxl.load_workbook(pack(bench))
    assert book[ROWS_SHEET].max_row == 3 + 3
    assert "Cả lô chưa được tiếp nhận" in str(book[ROWS_SHEET].cell(2, 1).value)
    assert report.batch is not None
    quarantine = bench.deployment.rows.quarantine
    refused = quarantine.refusals("test.upsert", [report.batch.batch_id])
    assert refused.filter("is_held_back").height == 7
    assert refused.filter(pl.col("is_held_back"))["ticket"].null_count() == 7


def test_what_stands_in_the_title_is_kept_from_the_received_row(tmp_path: Path, drop: Path) -> None:
    """A form of the province: period and unit stand above the table."""
    catalog = load_catalog(SOURCES / "hung_yen")
    known = {entry.id: entry for entry in catalog.entries}
    entry = known["so_tai_chinh/finance.public_investment"]
    connector = dropped("stc/*.xlsx", outbox="stc/phan-hoi")
    bench = Bench.of(tmp_path, with_feed(entry, connector=connector, acceptance_floor=0.1))
    path = drop / "stc" / "1.xlsx"
    path.parent.mkdir(parents=True)
    day = NIGHT.strftime("%d/%m/%Y")
    commune = bench.deployment.references["admin_unit.commune"][0]
    heads = ["Mã dự án", "Tên dự án", "Mã xã", "Kế hoạch năm", "Giải ngân trong tháng", "Lũy kế"]
    rows = [
        [f"DA-{n:04d}", f"Dự án {n}", commune, 100.5, 99.0 if n == 2 else 1.5, 20.0, 20, day]
        for n in (1, 2, 3)
    ]
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Giải ngân")
        sheet.write_string(0, 0, "Tháng 10/2026. Đơn vị tính: triệu đồng")
        for number, row in enumerate([[*heads, "Tiến độ (%)", "Ngày chốt"], *rows], start=2):
            sheet.write_row(number, 0, row)
    report = night(bench, NIGHT)[-1]
    assert report.batch is not None
    quarantine = bench.deployment.rows.quarantine
    refused = quarantine.refusals("finance.public_investment", [report.batch.batch_id])
    assert refused["ticket"].n_unique() < 3, refused["rule"].to_list()
    (first,) = (drop / "stc" / "phan-hoi").glob("can-sua-*.xlsx")
    book_ = openpyxl.load_workbook(first)
    page = book_[ROWS_SHEET]
    headings = [cell.value for cell in page[3]]
    page.cell(4, headings.index("Giải ngân trong tháng") + 1).value = 2.5
    book_.save(drop / "stc" / first.name)
    correction = night(bench, NIGHT + DAY)[0]
    assert correction.outcome == "accepted", correction.detail
    assert correction.batch is not None
    row = bench.accepted(correction.batch.batch_id).row(0, named=True)
    assert (row["period"], row["month_vnd"], row["year_plan_vnd"]) == (
        "2026-10",
        2_500_000,
        100_500_000,
    )


def test_a_name_in_a_title_is_masked_too(tmp_path: Path, drop: Path) -> None:
    """It stands in no cell of its row, and comes back as it was."""
    entry = xlsx_feed(
        layout={
            "format": "xlsx",
            "sheet": "^Biểu$",
            "captures": {"person": {"where": "title", "pattern": r"Người khai: (\S+ \S+)"}},
        },
        columns={**COLUMNS, "name": {"source": "{person}"}},
    )
    bench = Bench.of(tmp_path, entry)
    rows = [(f"K{n:03d}", "-1" if n == 10 else "5", "15/11/2026") for n in range(1, 11)]
    (drop / "so_b").mkdir()
    with xlsxwriter.Workbook(drop / "so_b" / "1.xlsx") as book:
        sheet = book.add_worksheet("Biểu")
        sheet.write_string(0, 0, "Người khai: Bí Mật")
        for number, row in enumerate([("Mã", "Số tiền", "Ngày"), *rows], start=2):
            sheet.write_row(number, 0, row)
    report = bench.deliver()
    assert report.batch is not None
    now = datetime.now(UTC)
    made = feedback_of(bench.deployment, bench.entry, report.batch.batch_id, now, masked=True)
    path = tmp_path / "masked.xlsx"
    path.write_bytes(made.pack)
    said = [str(c.value) for row in openpyxl.load_workbook(path)[ROWS_SHEET] for c in row]
    assert MASK in said
    assert not [text for text in said if "Bí Mật" in text]
    corrected(path, drop / "so_b" / made.pack_name, K010={"Số tiền": 10})
    (correction,) = take_corrections(bench.deployment, bench.entry, "run", NIGHT + DAY)
    assert correction.batch is not None
    rows_accepted = bench.accepted(correction.batch.batch_id)
    assert rows_accepted.select("name", "amount").rows() == [("Bí Mật", 10)]
