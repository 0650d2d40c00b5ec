"""What an alert says to those who are to act on it."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ioc_pipelines.serving.alert_text import body_of, paragraph, sentence, title_of
from tests.alert_rows import alert, closed

OWNERS = {"so_a": "Sở Nội vụ"}
AT = datetime(2026, 11, 20, 19, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Chưa đạt mục tiêu: tháng 10/2026 là 89,9%, mục tiêu 90%."),
        (
            {"value": 26.25, "bound": 25, "unit": "μg/m³", "period_type": "year"},
            "Chưa đạt mục tiêu: năm 2026 là 26,25 μg/m³, mục tiêu không quá 25 μg/m³.",
        ),
        (
            {"kind": "threshold_crossed", "value": 29, "bound": 30},
            "Dưới ngưỡng cảnh báo: tháng 10/2026 là 29%, ngưỡng 30%.",
        ),
        (
            {"kind": "threshold_crossed", "value": 151, "bound": 150, "unit": "điểm"},
            "Vượt ngưỡng cảnh báo: tháng 10/2026 là 151 điểm, ngưỡng 150 điểm.",
        ),
        (
            {"kind": "cumulative_fell", "value": 1234567, "bound": 1234567.5, "unit": "đồng"},
            "Số lũy kế giảm: đến hết tháng 10/2026 là 1.234.567 đồng, "
            "kỳ trước là 1.234.567,5 đồng.",
        ),
        (
            {"kind": "period_missing", "value": None, "bound": None, "due_on": date(2026, 11, 15)},
            "Thiếu số liệu tháng 10/2026, hạn 15/11/2026.",
        ),
        # two figures that differ are not written alike
        (
            {"value": 89.9999},
            "Chưa đạt mục tiêu: tháng 10/2026 là 89,9999%, mục tiêu 90%.",
        ),
    ],
)
def test_it_says_what_is_wrong(changes: dict[str, Any], text: str) -> None:
    assert sentence(alert(**changes)) == text


def test_a_paragraph_names_owner_document_and_alert() -> None:
    lines = paragraph(alert(severity="critical", kinds="target_missed, period_missing"), OWNERS)
    assert [line.strip() for line in lines.splitlines()] == [
        "[NGHIÊM TRỌNG] Tỷ lệ đúng hạn – Tỉnh Hưng Yên",
        "Chưa đạt mục tiêu: tháng 10/2026 là 89,9%, mục tiêu 90%.",
        "Đồng thời: thiếu số liệu kỳ mới.",
        "Cơ quan chủ trì: Sở Nội vụ",
        "Căn cứ: Nghị quyết 1",
        "Mã cảnh báo: X/33/1",
    ]


def test_one_that_is_over_says_how_it_ended() -> None:
    assert "Đóng ngày 05/12/2026: tháng 11/2026 là 93%, không còn vi phạm." in paragraph(
        closed(), OWNERS
    )
    dropped = paragraph(closed(closed_reason="not_judged", closed_value=None), OWNERS)
    assert "không còn mục tiêu, ngưỡng hay kỳ báo cáo để đánh giá" in dropped


def test_the_gravest_of_the_province_come_first_and_what_is_over_last() -> None:
    rows = [
        alert("C/1/1", unit_level="commune", name_vi="A") | {"event": "opened"},
        alert("P/33/1", name_vi="B") | {"event": "opened"},
        alert("G/1/1", unit_level="commune", severity="critical") | {"event": "opened"},
        closed("X/33/1") | {"event": "closed"},
    ]
    body = body_of(rows, OWNERS, AT)
    places = [body.index(name) for name in ("CẢNH BÁO MỚI (3)", "G/1/1", "P/33/1", "C/1/1")]
    places += [body.index("CẢNH BÁO ĐÃ ĐÓNG (1)"), body.index("X/33/1")]
    assert places == sorted(places)
    assert body.endswith("lúc 02:05 ngày 21/11/2026.\n")
    assert title_of("Tỉnh thử", rows) == "Tỉnh thử: cảnh báo chỉ tiêu – 3 mới, 1 đã đóng"
    assert title_of("Tỉnh thử", rows[3:]) == "Tỉnh thử: cảnh báo chỉ tiêu – 1 đã đóng"
    assert unicodedata.is_normalized("NFC", body)
