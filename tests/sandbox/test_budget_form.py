from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ioc_pipelines.sandbox.budget_drop import full_months
from ioc_pipelines.sandbox.budget_form import in_vietnamese
from tests.sandbox import reading
from tests.sandbox.conftest import Sandbox


@pytest.mark.parametrize(
    ("thousands", "written"),
    [
        (1_234_500, "1.234,5"),
        (1_000, "1"),
        (1, "0,001"),
        (-1_234_567, "-1.234,567"),
        (84_250_000_000, "84.250.000"),
        (0, "0"),
        (100_000, "100"),
    ],
)
def test_vietnamese_amounts(thousands: int, written: str) -> None:
    assert in_vietnamese(thousands) == written


@pytest.mark.parametrize(
    ("as_of", "first", "last"),
    [
        (date(2026, 11, 20), date(2026, 5, 1), date(2026, 10, 1)),
        (date(2026, 11, 1), date(2026, 5, 1), date(2026, 10, 1)),
        (date(2027, 1, 31), date(2026, 7, 1), date(2026, 12, 1)),
    ],
)
def test_full_months(as_of: date, first: date, last: date) -> None:
    months = full_months(as_of)
    assert (months[0], months[-1], len(months)) == (first, last, 6)


def test_the_form_is_the_agreed_one(sandbox: Sandbox) -> None:
    sheets = dict(reading.budget_sheets(sandbox.folder))
    assert list(sheets) == [f"so_tai_chinh/thu-nsnn-2026-{m:02d}.xlsx" for m in range(5, 11)]
    for file, cells in sheets.items():
        head = [[c for c in row if c] for row in cells[:8]]
        assert head[0] == ["ỦY BAN NHÂN DÂN TỈNH HƯNG YÊN – SỞ TÀI CHÍNH"]
        assert head[1] == ["BÁO CÁO THU NGÂN SÁCH NHÀ NƯỚC TRÊN ĐỊA BÀN"]
        assert head[2] == [f"Tháng {file[-7:-5]}/2026"]
        assert head[3] == ["Đơn vị tính: triệu đồng"]
        assert head[4] == []
        assert head[5][-2:] == ["Thực hiện", "Ngày chốt số liệu"]
        assert head[5][:4] == ["STT", "Mã xã", "Tên xã, phường", "Dự toán năm"]
        assert head[6] == ["Trong tháng", "Lũy kế"]
        assert head[7] == ["A", "B", "C", "1", "2", "3", "4"]
        assert cells[8][:3] == ["", "", "Tổng cộng"]
        assert [row[0] for row in cells[9:-2]] == list(range(1, len(cells) - 10))
        assert not any(cells[-2])
        assert [c for c in cells[-1] if c] == ["Người lập biểu", "GIÁM ĐỐC"]


def test_officers_write_in_different_ways(sandbox: Sandbox) -> None:
    months = [cells[9:-2] for _, cells in reading.budget_sheets(sandbox.folder)]
    numeric, dates, texts = (
        [sum(isinstance(row[column], kind) for row in rows) > 90 for rows in months]
        for column, kind in ((1, float), (6, date), (4, str))
    )
    assert sum(numeric) == sum(dates) == 3
    assert sum(texts) == 1
    assert numeric != dates


def test_cumulative_figures_add_up_from_month_to_month(sandbox: Sandbox) -> None:
    good = {
        (row.values["period"], row.values["commune_code"]): row.values
        for row in _good_budget_rows(sandbox)
    }
    compared = 0
    for (period, commune), row in good.items():
        before = good.get((f"2026-{int(period[5:]) - 1:02d}", commune))
        if before:
            compared += 1
            assert row["cumulative_vnd"] == before["cumulative_vnd"] + row["month_vnd"]
            assert row["year_plan_vnd"] == before["year_plan_vnd"]
    assert compared > 450


def test_the_total_is_the_published_estimate(sandbox: Sandbox) -> None:
    for _, cells in reading.budget_sheets(sandbox.folder):
        total = cells[8][3]
        million = float(total.replace(".", "")) if isinstance(total, str) else total
        assert million == 84_250_000


def test_revenue_keeps_near_its_estimate(sandbox: Sandbox) -> None:
    rows = [row.values for row in _good_budget_rows(sandbox) if row.values["period"] == "2026-10"]
    shares = [row["cumulative_vnd"] / row["year_plan_vnd"] for row in rows]
    assert all(0.6 < share < 1.1 for share in shares)


def _good_budget_rows(sandbox: Sandbox) -> Iterator[Any]:
    refused = sandbox.answers.feeds["so_tai_chinh/finance.budget_revenue"].refused
    places = {(row.file, row.row) for row in refused}
    return (row for row in reading.budget(sandbox.folder) if (row.file, row.row) not in places)
