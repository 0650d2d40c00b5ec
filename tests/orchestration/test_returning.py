"""A pack that comes back says of each row what its ticket says, and overwrites nothing newer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

import openpyxl
import pytest
import xlsxwriter
from openpyxl.worksheet.worksheet import Worksheet

from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.catalog.models import Approval
from ioc_pipelines.home import SOURCES
from ioc_pipelines.intake.pack_form import FIXED_HEADERS, ROWS_SHEET
from ioc_pipelines.orchestration.approving import decide, waiting
from ioc_pipelines.orchestration.delivery import reprocess
from ioc_pipelines.orchestration.deployment import Deployment
from tests.officer import HEADER_ROW
from tests.orchestration.deployments import (
    APPROVER,
    DAY,
    NIGHT,
    PROFILE,
    Bench,
    csv_feed,
    dropped,
    good,
    with_feed,
    write_csv,
)
from tests.orchestration.loop import FIXED, OUTBOX, cases, corrected, night, pack, statuses

FORM_OUTBOX = "stc/phan-hoi"
MONTHS = {"10/2026": "triệu đồng", "9/2026": "đồng"}


@pytest.fixture
def bench(tmp_path: Path, drop: Path) -> Bench:
    """Ten rows in a file without titles, two of them refused, and the pack in the outbox."""
    made = Bench.of(tmp_path, csv_feed(connector=dropped("so_a/*.csv", outbox=OUTBOX)))
    rows = good(10)
    rows[3] = ("K004", "", "-5", "15/11/2026")
    rows[6] = ("K007", "Người 7", "nhiều", "15/11/2026")
    write_csv(drop / "so_a" / "1.csv", rows)
    night(made, NIGHT)
    return made


@pytest.fixture
def forms(tmp_path: Path, drop: Path) -> Bench:
    """Two files of one form, whose month and unit stand in the title; of each a row is refused."""
    known = {entry.id: entry for entry in load_catalog(SOURCES / "hung_yen").entries}
    entry = known["so_tai_chinh/finance.public_investment"]
    connector = dropped("stc/*.xlsx", outbox=FORM_OUTBOX)
    made = Bench.of(tmp_path, with_feed(entry, connector=connector, acceptance_floor=0.1))
    commune = made.deployment.references["admin_unit.commune"][0]
    day = NIGHT.strftime("%d/%m/%Y")
    heads = ["Mã dự án", "Tên dự án", "Mã xã", "Kế hoạch năm", "Giải ngân trong tháng", "Lũy kế"]
    for at, (month, unit) in enumerate(MONTHS.items()):
        path = drop / "stc" / f"{at}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        codes = [f"DA-{10 * at + n:04d}" for n in (1, 2, 3)]
        rows = [
            [code, f"Dự án {code}", commune, 100, 99 if n == 0 else 1, 20, 20, day]
            for n, code in enumerate(codes)
        ]
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("Giải ngân")
            sheet.write_string(0, 0, f"Tháng {month}. Đơn vị tính: {unit}")
            for number, row in enumerate([[*heads, "Tiến độ (%)", "Ngày chốt"], *rows], start=2):
                sheet.write_row(number, 0, row)
    night(made, NIGHT)
    return made


def edited(source: Path, target: Path, *changes: Callable[[Worksheet], None]) -> Path:
    book = openpyxl.load_workbook(source)
    for change in changes:
        change(book[ROWS_SHEET])
    book.save(target)
    return target


def swapped(*columns: int) -> Callable[[Worksheet], None]:
    """What sorting some columns of two rows does."""

    def change(sheet: Worksheet) -> None:
        for column in columns:
            one, other = (sheet.cell(HEADER_ROW + n, column) for n in (1, 2))
            one.value, other.value = other.value, one.value

    return change


def put(heading: str, *values: Any) -> Callable[[Worksheet], None]:
    """These values in the column of a heading, from its first row on."""

    def change(sheet: Worksheet) -> None:
        at = {str(cell.value): int(cell.column or 0) for cell in sheet[HEADER_ROW]}[heading]
        for row, value in enumerate(values, start=HEADER_ROW + 1):
            sheet.cell(row, at).value = value

    return change


def form_pack(bench: Bench) -> Path:
    (found,) = (bench.drop / FORM_OUTBOX).glob("can-sua-*.xlsx")
    return found


LAST = len(FIXED_HEADERS) + 9
TICKETS, OTHERS = (1,), tuple(range(2, LAST + 1))
SAID = tuple(range(len(FIXED_HEADERS) + 1, LAST + 1))


# -- rows that are not those of their tickets -----------------------------------------------------


@pytest.mark.parametrize("columns", [TICKETS, OTHERS, SAID], ids=["tickets", "others", "values"])
def test_columns_that_were_sorted_apart_are_refused(forms: Bench, columns: tuple[int, ...]) -> None:
    first = form_pack(forms)
    mended = put("Giải ngân trong tháng", 2, 2)
    edited(first, forms.drop / "stc" / first.name, mended, swapped(*columns))
    correction = night(forms, NIGHT + DAY)[0]
    assert correction.outcome == "structure_mismatch"
    assert "hàng 4, 5 không khớp với mã phiếu" in correction.detail["problem"]
    assert statuses(forms) == [("open", 1), ("open", 1)]
    (receipt,) = (forms.drop / FORM_OUTBOX).glob("bien-nhan-can-sua-*.txt")
    assert "Mở lại phiếu gốc" in receipt.read_text(encoding="utf-8-sig")


def test_a_whole_table_that_was_sorted_is_taken(forms: Bench) -> None:
    first = form_pack(forms)
    mended = put("Giải ngân trong tháng", 2, 2)
    edited(first, forms.drop / "stc" / first.name, mended, swapped(*range(1, LAST + 1)))
    correction = night(forms, NIGHT + DAY)[0]
    assert correction.outcome == "accepted", correction.detail
    assert correction.batch is not None
    rows = forms.accepted(correction.batch.batch_id)
    found = dict(rows.select("period", "month_vnd").rows())
    assert found == {"2026-10": 2_000_000, "2026-09": 2}


@pytest.mark.parametrize(
    ("heading", "value"),
    [("Tệp", "stc/x.xlsx"), ("Trang tính", "Sheet1"), ("Dòng", "99"), ("Tệp", None)],
)
def test_a_place_that_was_edited_is_refused(forms: Bench, heading: str, value: Any) -> None:
    first = form_pack(forms)
    edited(first, forms.drop / "stc" / first.name, put(heading, value))
    correction = night(forms, NIGHT + DAY)[0]
    assert correction.outcome == "structure_mismatch"
    assert "hàng 4 không khớp với mã phiếu" in correction.detail["problem"]


def test_a_derived_cell_that_was_edited_is_refused(forms: Bench) -> None:
    first = form_pack(forms)
    heading = str(openpyxl.load_workbook(first)[ROWS_SHEET].cell(HEADER_ROW, SAID[0]).value)
    assert openpyxl.load_workbook(first)[ROWS_SHEET].cell(4, SAID[0]).value in MONTHS
    edited(first, forms.drop / "stc" / first.name, put(heading, "11/2026"))
    correction = night(forms, NIGHT + DAY)[0]
    assert correction.outcome == "structure_mismatch"
    assert f"hàng 4 không khớp với mã phiếu (cột {heading})" in str(correction.detail["problem"])


def test_a_place_column_that_is_gone_is_refused(forms: Bench) -> None:
    first = form_pack(forms)
    edited(first, forms.drop / "stc" / first.name, lambda sheet: sheet.delete_cols(2))
    correction = night(forms, NIGHT + DAY)[0]
    assert "thiếu cột Tệp" in correction.detail["problem"]


def test_what_a_program_made_of_place_and_period_says_the_same(forms: Bench) -> None:
    """Trimmed, in another normal form, a number or the first day of the month."""
    first = form_pack(forms)
    sheet = openpyxl.load_workbook(first)[ROWS_SHEET]
    page = str(sheet.cell(4, 3).value)
    heading = str(sheet.cell(HEADER_ROW, SAID[0]).value)
    months = [str(sheet.cell(row, SAID[0]).value).split("/") for row in (4, 5)]
    days = [datetime(int(year), int(month), 1) for month, year in months]  # noqa: DTZ001
    edited(
        first,
        forms.drop / "stc" / first.name,
        put("Giải ngân trong tháng", 2, 2),
        put("Trang tính", f" {normalize('NFD', page)}  "),
        put("Dòng", float(str(sheet.cell(4, 4).value)), int(str(sheet.cell(5, 4).value))),
        put(heading, *days),
    )
    correction = night(forms, NIGHT + DAY)[0]
    assert correction.outcome == "accepted", correction.detail


def test_keys_that_changed_places_are_refused_where_no_place_tells(bench: Bench) -> None:
    first = pack(bench)
    path = corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    edited(path, path, swapped(*range(len(FIXED_HEADERS) + 1, len(FIXED_HEADERS) + 5)))
    correction = night(bench, NIGHT + DAY)[0]
    assert correction.outcome == "structure_mismatch"
    assert "hàng 4, 5 không khớp với mã phiếu" in correction.detail["problem"]
    assert statuses(bench) == [("open", 1), ("open", 1)]


def test_a_column_of_values_that_was_sorted_alone_is_refused(bench: Bench) -> None:
    """What it says is what it said, of other rows."""
    first = pack(bench)
    sheet = openpyxl.load_workbook(first)[ROWS_SHEET]
    heading = {str(cell.value): int(cell.column or 0) for cell in sheet[HEADER_ROW]}["Số tiền"]
    assert {sheet.cell(row, heading).value for row in (4, 5)} == {"-5", "nhiều"}
    edited(first, bench.drop / "so_a" / first.name, swapped(heading))
    correction = night(bench, NIGHT + DAY)[0]
    assert correction.outcome == "structure_mismatch"
    assert "hàng 4, 5 không khớp với mã phiếu (cột Số tiền)" in correction.detail["problem"]
    assert statuses(bench) == [("open", 1), ("open", 1)]


def test_a_row_that_came_again_elsewhere_is_taken_by_either_pack(bench: Bench) -> None:
    """The same content has the same ticket, whichever file it stands in."""
    first = pack(bench)
    (bench.drop / "so_a" / "1.csv").rename(bench.drop / "so_a" / "2.csv")
    write_csv(bench.drop / "so_a" / "3.csv", good(3, start=50))
    night(bench, NIGHT + DAY)
    second = pack(bench)
    assert second.name != first.name
    corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    correction = night(bench, NIGHT + 2 * DAY)[0]
    assert correction.outcome == "accepted", correction.detail


def test_a_pack_of_the_second_round_is_held_to_its_tickets_too(bench: Bench) -> None:
    first = pack(bench)
    wrong = {"K004": {"Họ tên": "Người 4", "Số tiền": "-6"}, "K007": {"Số tiền": "-7"}}
    corrected(first, bench.drop / "so_a" / first.name, **wrong)
    night(bench, NIGHT + DAY)
    second = pack(bench)
    assert second.name != first.name
    # it shows where the rows stand in the agency's own file, not in the pack before
    shown = [
        [cell.value for cell in row[1:4]]
        for row in openpyxl.load_workbook(second)[ROWS_SHEET].iter_rows(min_row=4)
    ]
    assert shown == [["so_a/1.csv", None, "5"], ["so_a/1.csv", None, "8"]]
    path = bench.drop / "so_a" / second.name
    edited(corrected(second, path, **FIXED), path, swapped(*TICKETS))
    correction = night(bench, NIGHT + 2 * DAY)[0]
    assert "hàng 4, 5 không khớp với mã phiếu" in correction.detail["problem"]
    corrected(second, path, **FIXED)
    assert night(bench, NIGHT + 3 * DAY)[0].outcome == "accepted"


# -- keys that another row has --------------------------------------------------------------------

TAKEN = {"clean.key_taken"}


def rules_of(bench: Bench, batch: str) -> dict[str, set[str]]:
    """The rules that each refused row of a batch broke, by its key."""
    quarantine, dataset = bench.deployment.rows.quarantine, bench.entry.feed.dataset
    found: dict[str, set[str]] = {}
    keys = dict(quarantine.received(dataset, batch).select("_ticket", "Mã").rows())
    for row in quarantine.refusals(dataset, [batch]).iter_rows(named=True):
        found.setdefault(keys[row["ticket"]], set()).add(row["rule"])
    return found


@pytest.mark.parametrize("mode", ["upsert", "append", "snapshot"])
def test_a_key_that_another_row_was_accepted_with_is_refused(
    tmp_path: Path, drop: Path, mode: str
) -> None:
    made = Bench.of(tmp_path, csv_feed(mode, connector=dropped("so_a/*.csv", outbox=OUTBOX)))
    wrong = [("k-10", "Người 10", "1", "15/11/2026"), ("K011", "Người 11", "-1", "15/11/2026")]
    write_csv(drop / "so_a" / "1.csv", [*good(9), *wrong])
    night(made, NIGHT)
    first = pack(made)
    changes = {"k-10": {"Mã": "K003"}, "K011": {"Số tiền": 11}}
    corrected(first, drop / "so_a" / first.name, **changes)
    correction = night(made, NIGHT + DAY)[0]
    assert correction.outcome == "partly_accepted"
    assert correction.batch is not None
    assert made.accepted(correction.batch.batch_id)["code"].to_list() == ["K011"]
    assert rules_of(made, correction.batch.batch_id) == {"K003": TAKEN}
    receipt = made.drop / OUTBOX / f"bien-nhan-can-sua-test.{mode}.txt"
    assert "trùng với một dòng khác đã được tiếp nhận" in receipt.read_text(encoding="utf-8-sig")
    assert statuses(made) == [("corrected", 2), ("open", 2), ("superseded", 1)]
    # and the second round mends it
    second = pack(made)
    corrected(second, drop / "so_a" / second.name, K003={"Mã": "K010"})
    assert night(made, NIGHT + 2 * DAY)[0].outcome == "accepted"
    # judged again from the landing it comes to the same
    before = made.acceptances(), made.accepted_files(), statuses(made)
    reprocess(made.deployment, made.entry, "again")
    assert (made.acceptances(), made.accepted_files(), statuses(made)) == before


def test_a_key_that_is_in_the_set_no_more_is_free(tmp_path: Path, drop: Path) -> None:
    made = Bench.of(tmp_path, csv_feed("snapshot", connector=dropped("so_a/*.csv", outbox=OUTBOX)))
    write_csv(drop / "so_a" / "1.csv", good(10))
    night(made, NIGHT)
    # K010 is gone, K009 is refused and carried forward, and a row's key is wrong
    wrong = [("K009", "Người 9", "-1", "15/11/2026"), ("k-10", "Người 10", "1", "15/11/2026")]
    write_csv(drop / "so_a" / "1.csv", [*good(8), *wrong])
    night(made, NIGHT + DAY)
    first = pack(made)
    path = drop / "so_a" / first.name
    corrected(first, path, **{"k-10": {"Mã": "K009"}})
    correction = night(made, NIGHT + 2 * DAY)[0]
    assert correction.batch is not None
    found = rules_of(made, correction.batch.batch_id)
    assert "clean.key_taken" in found["K009"]
    corrected(first, path, **{"k-10": {"Mã": "K010"}})
    correction = night(made, NIGHT + 3 * DAY)[0]
    assert correction.batch is not None
    assert made.accepted(correction.batch.batch_id)["code"].to_list() == ["K010"]


def test_a_key_that_came_later_is_no_reason_to_refuse_again(tmp_path: Path, drop: Path) -> None:
    made = Bench.of(tmp_path, csv_feed(connector=dropped("so_a/*.csv", outbox=OUTBOX)))
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("k-10", "Người 10", "1", "15/11/2026")])
    night(made, NIGHT)
    first = pack(made)
    corrected(first, drop / "so_a" / first.name, **{"k-10": {"Mã": "K010"}})
    night(made, NIGHT + DAY)
    write_csv(drop / "so_a" / "2.csv", good(10))
    night(made, NIGHT + 2 * DAY)
    before = made.acceptances(), made.accepted_files(), statuses(made)
    reprocess(made.deployment, made.entry, "again")
    assert (made.acceptances(), made.accepted_files(), statuses(made)) == before


def test_two_packs_of_a_row_that_wait_for_approval_are_no_rivals(
    tmp_path: Path, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Bench.of(tmp_path, csv_feed(connector=dropped("so_a/*.csv", outbox=OUTBOX)))
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("k-10", "Người 10", "1", "15/11/2026")])
    night(made, NIGHT)
    first = pack(made)
    asks = Approval(approver=APPROVER, document="số 1", automatic_from=None)
    profile = PROFILE.model_copy(update={"approval": asks})
    catalog = replace(made.deployment.catalog, profile=profile)
    careful = Bench(Deployment(made.deployment.home, catalog), made.drop)
    monkeypatch.setenv("IOC_ACTOR", "lich-chay")
    for amount in (10, 11):
        changes = {"k-10": {"Mã": "K010", "Số tiền": amount}}
        corrected(first, drop / "so_a" / first.name, **changes)
        night(careful, NIGHT + amount * DAY)
    monkeypatch.setenv("IOC_ACTOR", "chi Lan")
    for batch in waiting(careful.deployment):
        decide(careful.deployment, batch.batch_id, "approved", "đúng")
    reprocess(careful.deployment, careful.entry, "again")
    amounts = [
        careful.accepted(batch)["amount"].to_list() for batch, _ in careful.acceptances()[-2:]
    ]
    assert amounts == [[10], [11]]


def test_a_row_that_was_accepted_before_may_be_corrected_under_its_own_key(bench: Bench) -> None:
    """Of an update that was refused the pack brings the newer value."""
    write_csv(
        bench.drop / "so_a" / "2.csv", [("K001", "Người 1", "-9", "15/11/2026"), *good(5, 50)]
    )
    (bench.drop / "so_a" / "1.csv").unlink()
    night(bench, NIGHT + DAY)
    first = pack(bench)
    corrected(first, bench.drop / "so_a" / first.name, K001={"Số tiền": 9})
    correction = night(bench, NIGHT + 2 * DAY)[0]
    assert correction.outcome == "accepted", correction.detail


# -- packs that are too old -----------------------------------------------------------------------


def test_a_pack_whose_rows_came_mended_from_the_source_changes_nothing(bench: Bench) -> None:
    first = pack(bench)
    write_csv(bench.drop / "so_a" / "1.csv", good(10))
    night(bench, NIGHT + DAY)
    before = bench.acceptances(), bench.accepted_files(), statuses(bench)
    corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    correction = night(bench, NIGHT + 2 * DAY)[0]
    assert (correction.outcome, correction.batch) == ("already_closed", None)
    assert "2 phiếu đã đóng (hàng 4, 5)" in correction.detail["problem"]
    receipt = bench.drop / OUTBOX / "bien-nhan-can-sua-test.upsert.txt"
    assert "các phiếu này đã đóng" in receipt.read_text(encoding="utf-8-sig")
    assert "2 phiếu đã đóng (hàng 4, 5)" in receipt.read_text(encoding="utf-8-sig")
    assert (bench.acceptances(), bench.accepted_files(), statuses(bench)) == before
    reprocess(bench.deployment, bench.entry, "again")
    assert (bench.acceptances(), bench.accepted_files(), statuses(bench)) == before


def test_a_pack_of_the_first_round_changes_nothing_after_the_second(bench: Bench) -> None:
    first = pack(bench)
    wrong = {**FIXED, "K007": {"Số tiền": "-7"}}
    corrected(first, bench.drop / "so_a" / first.name, **wrong)
    night(bench, NIGHT + DAY)
    second = pack(bench)
    corrected(second, bench.drop / "so_a" / second.name, K007={"Số tiền": 7})
    assert night(bench, NIGHT + 2 * DAY)[0].outcome == "accepted"
    before = bench.acceptances(), statuses(bench)
    corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    assert night(bench, NIGHT + 3 * DAY)[0].outcome == "already_closed"
    assert (bench.acceptances(), statuses(bench)) == before


def test_of_a_pack_that_comes_again_the_open_rows_are_taken(bench: Bench) -> None:
    first = pack(bench)
    path = bench.drop / "so_a" / first.name
    corrected(first, path, K004=FIXED["K004"])
    night(bench, NIGHT + DAY)
    assert statuses(bench) == [("corrected", 2), ("open", 1), ("superseded", 1)]
    # the first row has another value now, and its ticket is closed
    corrected(first, path, K004={"Họ tên": "Người khác", "Số tiền": 1}, K007=FIXED["K007"])
    correction = night(bench, NIGHT + 2 * DAY)[0]
    assert correction.outcome == "accepted"
    assert "1 phiếu đã đóng (hàng 4)" in correction.detail["problem"]
    assert correction.batch is not None
    assert bench.accepted(correction.batch.batch_id)["code"].to_list() == ["K007"]
    assert {status for status, _ in statuses(bench)} == {"corrected", "superseded"}
    before = bench.acceptances(), bench.accepted_files(), statuses(bench)
    reprocess(bench.deployment, bench.entry, "again")
    assert (bench.acceptances(), bench.accepted_files(), statuses(bench)) == before


def test_a_row_that_is_no_longer_sent_does_not_come_back_by_an_old_pack(
    tmp_path: Path, drop: Path
) -> None:
    made = Bench.of(tmp_path, csv_feed("snapshot", connector=dropped("so_a/*.csv", outbox=OUTBOX)))
    write_csv(drop / "so_a" / "1.csv", [*good(9), ("K010", "Người 10", "-1", "15/11/2026")])
    night(made, NIGHT)
    first = pack(made)
    write_csv(drop / "so_a" / "1.csv", good(9))
    night(made, NIGHT + DAY)
    assert statuses(made) == [("no_longer_sent", 1)]
    corrected(first, drop / "so_a" / first.name, K010={"Số tiền": 10})
    assert night(made, NIGHT + 2 * DAY)[0].outcome == "already_closed"


def test_what_a_person_closed_may_still_be_corrected(bench: Bench) -> None:
    first = pack(bench)
    tickets = [row["ticket"] for row in cases(bench).values()]
    now = NIGHT + DAY
    bench.deployment.closings.record(tickets, actor="chi Lan", reason="thôi", now=now)
    corrected(first, bench.drop / "so_a" / first.name, **FIXED)
    assert night(bench, NIGHT + 2 * DAY)[0].outcome == "accepted"
