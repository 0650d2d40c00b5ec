"""The receipt an officer reads: counts, places, words; never a value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from ioc_pipelines.orchestration.judging import OUTCOMES
from ioc_pipelines.serving.receipt import Received, has_receipt, receipt
from ioc_pipelines.warehouse.quarantine import REFUSAL_SCHEMA


def _received(outcome: str = "partly_accepted", **facts: Any) -> Received:
    known: dict[str, Any] = {
        "title_vi": "Dân cư theo xã",
        "agency_vi": "Công an tỉnh Hưng Yên",
        "started_at": datetime(2026, 11, 22, 19, 5, tzinfo=UTC),
        "outcome": outcome,
        "counts": (120, 117, 2, 1),
        "detail": {},
    }
    return Received(**{**known, **facts})


def _refusals(
    *places: tuple[str, str | None, int | None, str], held_back: bool = False
) -> pl.DataFrame:
    rows = [
        dict.fromkeys(REFUSAL_SCHEMA)
        | {"source_file": file, "sheet": sheet, "row_number": row, "message_vi": message}
        | {"is_held_back": held_back}
        for file, sheet, row, message in places
    ]
    return pl.DataFrame(rows, schema=REFUSAL_SCHEMA)


def _text(received: Received, refusals: pl.DataFrame) -> list[str]:
    written = receipt(received, refusals)
    assert written.startswith(b"\xef\xbb\xbf")
    return written.decode("utf-8-sig").split("\r\n")


def test_a_receipt_tells_counts_and_each_place_in_order() -> None:
    lines = _text(
        _received(),
        _refusals(
            ("b.xlsx", "Dân cư", 12, "Số nam và số nữ không bằng tổng số"),
            ("a.csv", None, 3, "Mã xã không được để trống"),
            ("a.csv", None, None, "Cả tệp thiếu một xã"),
        ),
    )
    assert lines[:7] == [
        "BIÊN NHẬN DỮ LIỆU",
        "",
        "Nguồn: Dân cư theo xã",
        "Cơ quan cung cấp: Công an tỉnh Hưng Yên",
        "Thời điểm nhận: 02:05 ngày 23/11/2026",
        "Kết quả: Đã nhận, có dòng hoặc tệp chưa đạt",
        "Số dòng: 120 nhận, 117 đạt, 2 chưa đạt, 1 trùng lặp",
    ]
    assert [line for line in lines if line.startswith("- ")] == [
        "- Cả tệp thiếu một xã: 1",
        "- Mã xã không được để trống: 1",
        "- Số nam và số nữ không bằng tổng số: 1",
        "- a.csv, dòng 3: Mã xã không được để trống",
        "- a.csv: Cả tệp thiếu một xã",
        "- b.xlsx, Dân cư, dòng 12: Số nam và số nữ không bằng tổng số",
    ]


def test_a_delivery_without_refused_rows_has_no_list() -> None:
    lines = _text(_received("accepted"), _refusals())
    assert lines[-2:] == ["Số dòng: 120 nhận, 117 đạt, 2 chưa đạt, 1 trùng lặp", ""]


def test_a_file_that_was_not_taken_says_why() -> None:
    detail = {
        "problem": "1 of 1 files refused: a.xlsx: sheet 'Dân cư' is not there",
        "refused_files": {"a.xlsx": "sheet 'Dân cư' is not there"},
    }
    lines = _text(_received("structure_mismatch", counts=None, detail=detail), _refusals())
    at = lines.index("Tệp chưa nhận: a.xlsx")
    # what only the readers know is told apart from what the officer is to do
    assert lines[at + 1] == "  Chi tiết kỹ thuật: sheet 'Dân cư' is not there"
    assert lines[-2].startswith("Đề nghị kiểm tra tên trang tính, tên cột")
    assert not any("refused" in line for line in lines)
    assert not any(line.startswith("Số dòng") for line in lines)


def test_files_no_longer_there_are_named() -> None:
    names = [f"{n}.csv" for n in range(7)]
    lines = _text(_received(detail={"missing_files": names}), _refusals())
    said = "0.csv, 1.csv, 2.csv, 3.csv, 4.csv … (7 tệp)"
    assert f"Tệp đã gửi trước đây nay không còn trong thư mục: {said}" in lines


def test_a_long_list_is_short_and_leads_to_the_workbook() -> None:
    places = [("a.csv", None, row, "Sai số tiền") for row in range(1, 700)]
    found = _refusals(*places, ("a.csv", None, 9, "Thiếu tên"))
    lines = _text(_received(pack_name="can-sua-x.xlsx"), found)
    assert len(lines) < 25
    assert "- Sai số tiền: 699" in lines
    assert "- Thiếu tên: 1" in lines
    assert [line for line in lines if line.startswith("- a.csv")] == [
        f"- a.csv, dòng {row}: Sai số tiền" for row in range(1, 6)
    ]
    assert "… và 695 lỗi khác" in lines
    assert "can-sua-x.xlsx, cùng thư mục với biên nhận này" in lines[-2]


def test_a_batch_that_is_held_says_why_and_lists_no_row_that_is_right() -> None:
    right = [("a.csv", None, row, "Số dòng khác hẳn") for row in range(1, 119)]
    found = pl.concat(
        [_refusals(*right, held_back=True), _refusals(("a.csv", None, 300, "Thiếu tên"))]
    )
    received = _received(
        "held",
        counts=(120, 0, 119, 1),
        detail={"problem": "held for a person to decide: Số dòng khác hẳn"},
        holding=[("Số dòng khác hẳn so với lần gửi trước", "120 dòng, trước: 900")],
        pack_name="can-sua-x.xlsx",
    )
    lines = _text(received, found)
    assert "Lý do: Số dòng khác hẳn so với lần gửi trước (120 dòng, trước: 900)" in lines
    assert (
        "Số dòng: 120 nhận; cả lô chưa được tiếp nhận: 1 dòng có lỗi, 118 dòng không có lỗi phải "
        "chờ cùng lô; 1 trùng lặp"
    ) in lines
    assert [line for line in lines if line.startswith("- ")] == [
        "- Thiếu tên: 1",
        "- a.csv, dòng 300: Thiếu tên",
    ]
    assert lines[-2].startswith("Nếu số liệu đúng, đề nghị báo đầu mối")
    assert not any("held" in line for line in lines)


def test_a_pack_that_came_back_wrong_says_why_in_vietnamese() -> None:
    detail = {"refused_files": {"can-sua-x.xlsx": "thiếu mã phiếu ở hàng 4"}}
    received = _received("structure_mismatch", counts=None, detail=detail, is_correction=True)
    assert "Tệp chưa nhận: can-sua-x.xlsx: thiếu mã phiếu ở hàng 4" in _text(received, _refusals())
    again = _received("below_floor", counts=(2, 0, 2, 0), is_correction=True)
    assert any("không dòng nào trong phiếu gửi lại" in line for line in _text(again, _refusals()))


def test_what_was_judged_again_says_so() -> None:
    lines = _text(_received(is_again=True), _refusals())
    assert "Thời điểm kiểm tra lại: 02:05 ngày 23/11/2026" in lines


def test_only_what_took_files_has_a_receipt() -> None:
    assert {outcome for outcome in OUTCOMES if has_receipt(outcome)} == {
        "accepted",
        "partly_accepted",
        "below_floor",
        "held",
        "awaiting_approval",
        "rejected",
        "already_closed",
        "structure_mismatch",
        "unreadable",
        "marked_secret",
    }
