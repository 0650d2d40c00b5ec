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


def _refusals(*places: tuple[str, str | None, int | None, str]) -> pl.DataFrame:
    rows = [
        dict.fromkeys(REFUSAL_SCHEMA)
        | {"source_file": file, "sheet": sheet, "row_number": row, "message_vi": message}
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
        "- a.csv, dòng 3: Mã xã không được để trống",
        "- a.csv: Cả tệp thiếu một xã",
        "- b.xlsx, Dân cư, dòng 12: Số nam và số nữ không bằng tổng số",
    ]


def test_a_delivery_without_refused_rows_has_no_list() -> None:
    lines = _text(_received("accepted"), _refusals())
    assert lines[-2:] == ["Số dòng: 120 nhận, 117 đạt, 2 chưa đạt, 1 trùng lặp", ""]


def test_a_file_that_was_not_taken_says_why() -> None:
    detail = {"problem": "sheet 'Dân cư' is not there"}
    lines = _text(_received("structure_mismatch", counts=None, detail=detail), _refusals())
    assert "Lý do: sheet 'Dân cư' is not there" in lines
    assert not any(line.startswith("Số dòng") for line in lines)


def test_a_long_list_is_cut_and_says_so() -> None:
    places = [("a.csv", None, row, "Sai") for row in range(1, 700)]
    lines = _text(_received(), _refusals(*places))
    assert sum(line.startswith("- ") for line in lines) == 500
    assert "… và 199 lỗi khác" in lines


def test_only_what_took_files_has_a_receipt() -> None:
    assert {outcome for outcome in OUTCOMES if has_receipt(outcome)} == {
        "accepted",
        "partly_accepted",
        "below_floor",
        "held",
        "awaiting_approval",
        "rejected",
        "structure_mismatch",
        "unreadable",
    }
