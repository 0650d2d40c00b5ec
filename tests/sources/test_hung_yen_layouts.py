"""The forms of the agencies of Hưng Yên come out as rows of their contracts, cell by cell.

Each form is written here as its agency fills it, with the cells an officer may use: codes as text
or number, days as text or date, amounts as number or Vietnamese text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from contracts.base import BatchContext
from ioc_pipelines.catalog.load import Catalog, load_catalog
from ioc_pipelines.home import PROJECT
from ioc_pipelines.intake.read_batch import ReadBatch, read_batch
from ioc_pipelines.quality.evaluate import evaluate
from tests.quality.frames import ARRIVED

REFERENCES = {
    "admin_unit.commune": pl.Series(["11953", "11977"]),
    "admin_unit.province": pl.Series(["33"]),
    "indicator.code": pl.Series(["GRDP_GROWTH", "TOTAL_INVESTMENT"]),
}
NAMES = {"11953": "Phường Phố Hiến", "11977": "Xã Tân Hưng"}
SIGNED = "Hưng Yên, ngày 05 tháng 11 năm 2026"
Cells = Sequence[Any]


def moment(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001  local, as stored


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(PROJECT / "sources" / "hung_yen")


@dataclass(frozen=True)
class Reader:
    """Reads files as a delivery of a feed."""

    catalog: Catalog
    folder: Path

    def read(self, feed_id: str, **files: Callable[[Path], None]) -> ReadBatch:
        (entry,) = (entry for entry in self.catalog.active if entry.id == feed_id)
        paths = []
        for number, (name, write) in enumerate(files.items()):
            path = self.folder / f"blob-{number}"
            write(path)
            paths.append((name, path))
            pattern = getattr(entry.feed.connector, "pattern", None)
            if pattern:
                assert PurePosixPath(name).match(pattern)
        return read_batch(entry.feed, entry.required_contract(), paths, {})

    def accepted(self, feed_id: str, **files: Callable[[Path], None]) -> list[dict[str, Any]]:
        """The rows, all of which the contract takes."""
        found = self.read(feed_id, **files)
        (entry,) = (entry for entry in self.catalog.active if entry.id == feed_id)
        assert found.refused == []
        assert found.batch is not None
        assert found.batch.unreadable.rows() == []
        judged = evaluate(entry.required_contract(), found.batch, BatchContext(ARRIVED, REFERENCES))
        assert judged.broken.rows() == []
        assert found.control["ties"].all()
        columns = entry.required_contract().polars_schema().names()
        return found.batch.rows.select(columns).to_dicts()


@pytest.fixture
def reader(catalog: Catalog, tmp_path: Path) -> Reader:
    return Reader(catalog, tmp_path)


def form(
    period: str,
    header: Sequence[Cells],
    rows: Sequence[Cells],
    *,
    unit: str = "",
    total: Cells = (),
    over: Sequence[tuple[int, int, str]] = (),
) -> Callable[[xlsxwriter.Workbook, str], None]:
    """A sheet: four rows of title, the header from row 6, labels, total, rows, signatures.

    ``over``: first and last column of each heading merged above several columns.
    """

    def write(book: xlsxwriter.Workbook, name: str) -> None:
        sheet = book.add_worksheet(name)
        days = book.add_format({"num_format": "dd/mm/yyyy"})
        last = len(header[-1]) - 1
        for index, text in enumerate(("CƠ QUAN", "BÁO CÁO", period, unit)):
            if text:
                sheet.merge_range(index, 0, index, last, text)
        top, height = 5, len(header)
        for column in range(last + 1):
            if height == 1 or any(first <= column <= end for first, end, _ in over):
                sheet.write(top + height - 1, column, header[-1][column])
            else:
                sheet.merge_range(top, column, top + 1, column, header[-1][column])
        for first, end, heading in over:
            sheet.merge_range(top, first, top, end, heading)
        labels = [*"ABC", *(str(n) for n in range(1, last - 1))]
        body: list[Cells] = [labels, *([total] if total else []), *rows, []]
        body += [[*[None] * (last - 1), SIGNED], [None, "Người lập biểu", "THỦ TRƯỞNG ĐƠN VỊ"]]
        for number, cells in enumerate(body, start=top + height):
            for column, cell in enumerate(cells):
                sheet.write(number, column, cell, days if isinstance(cell, datetime) else None)

    return write


def workbook(**sheets: Callable[[xlsxwriter.Workbook, str], None]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with xlsxwriter.Workbook(path) as book:
            book.add_worksheet("Ghi chú").write(0, 0, "Biểu kèm theo công văn")
            for name, sheet in sheets.items():
                sheet(book, name)

    return write


def delimited(header: str, *lines: str) -> Callable[[Path], None]:
    text = "".join(f"{line}\r\n" for line in (header, *lines))
    return lambda path: path.write_bytes(text.encode("utf-8-sig")) and None


def answer(around: Mapping[str, Any], records: str, *rows: Mapping[str, Any]) -> Any:
    text = json.dumps({**around, records: list(rows)}, ensure_ascii=False)
    return lambda path: path.write_text(text, encoding="utf-8") and None


def table(**columns: Any) -> Callable[[Path], None]:
    """What the database connector lands: the rows with the types of their columns."""
    return lambda path: pl.DataFrame(columns).write_parquet(path)


# --- spreadsheets -------------------------------------------------------------------------------

REVENUE = [
    ["STT", "Mã xã", "Tên xã, phường", "Dự toán năm", "Trong tháng", "Lũy kế", "Ngày chốt số liệu"]
]


def test_budget_revenue(reader: Reader) -> None:
    rows = [
        [1, 11953, NAMES["11953"], 9000.5, 700, 7000.25, moment(2026, 11, 5)],
        [2, "11977", NAMES["11977"], "1.234,5", "-0,5", "0", "06/11/2026"],
    ]
    sheet = form(
        "Tháng 10/2026",
        [[], *REVENUE],
        rows,
        unit="Đơn vị tính: triệu đồng",
        total=[None, None, "Tổng cộng", 10235, 699.5, 7000.25],
        over=[(4, 5, "Thực hiện")],
    )
    name = "so_tai_chinh/thu-nsnn-2026-10.xlsx"
    found = reader.accepted(
        "so_tai_chinh/finance.budget_revenue", **{name: workbook(**{"Thu NSNN": sheet})}
    )
    assert found == [
        {
            "period": "2026-10",
            "commune_code": "11953",
            "year_plan_vnd": 9_000_500_000,
            "month_vnd": 700_000_000,
            "cumulative_vnd": 7_000_250_000,
            "closed_on": date(2026, 11, 5),
        },
        {
            "period": "2026-10",
            "commune_code": "11977",
            "year_plan_vnd": 1_234_500_000,
            "month_vnd": -500_000,
            "cumulative_vnd": 0,
            "closed_on": date(2026, 11, 6),
        },
    ]


INVESTMENT = [
    "STT",
    "Mã dự án",
    "Tên dự án",
    "Mã xã",
    "Kế hoạch năm",
    "Giải ngân trong tháng",
    "Lũy kế",
    "Tiến độ (%)",
    "Ngày chốt",
]


def investment(month: str, unit: str, total: Cells, *rows: Cells) -> Callable[[Path], None]:
    sheet = form(
        f"Tháng {month}",
        [INVESTMENT],
        rows,
        unit=f"Đơn vị tính: {unit}",
        total=[None, None, "Tổng cộng", None, *total],
    )
    return workbook(**{"Giải ngân": sheet})


def test_public_investment_in_the_unit_that_the_form_states(reader: Reader) -> None:
    road = [1, "DA-0001", "Đường tỉnh 378", 11953, 120000, 8500.5, 61000.25, 50.8, "05/11/2026"]
    school = [2, "DA-0002", "Trường THCS Tân Hưng", "11977", "9.000", "700,125", "7.000", "62,5"]
    found = reader.read(
        "so_tai_chinh/finance.public_investment",
        **{
            "so_tai_chinh/dau-tu-cong-2026-10.xlsx": investment(
                "10/2026",
                "triệu đồng",
                [129000, 9200.625, 68000.25],
                road,
                [*school, moment(2026, 11, 5)],
            ),
            "so_tai_chinh/dau-tu-cong-2026-09.xlsx": investment(
                "9/2026",
                "nghìn đồng",
                [9000000, 1, 2],
                ["", "DA-0002", "Trường THCS Tân Hưng", 11977, 9000000, 1, 2, 60, "05/10/2026"],
            ),
        },
    )
    assert found.batch is not None
    columns = ["period", "project_code", "year_plan_vnd", "month_vnd", "cumulative_vnd"]
    assert found.batch.rows.select(columns).rows() == [
        ("2026-10", "DA-0001", 120_000_000_000, 8_500_500_000, 61_000_250_000),
        ("2026-10", "DA-0002", 9_000_000_000, 700_125_000, 7_000_000_000),
        ("2026-09", "DA-0002", 9_000_000_000, 1_000, 2_000),
    ]
    others = ["project_name", "commune_code", "progress_percent", "closed_on"]
    assert found.batch.rows.select(others).rows() == [
        ("Đường tỉnh 378", "11953", 50.8, date(2026, 11, 5)),
        ("Trường THCS Tân Hưng", "11977", 62.5, date(2026, 11, 5)),
        ("Trường THCS Tân Hưng", "11977", 60.0, date(2026, 10, 5)),
    ]
    assert found.batch.unreadable.is_empty()
    totals = found.control.select("source_file", "column_name", "stated", "ties")
    assert totals.height == 6
    assert totals["ties"].all()


def test_a_total_of_public_investment_that_is_out_is_seen(reader: Reader) -> None:
    road = [1, "DA-0001", "Đường tỉnh 378", 11953, 120000, 8500.5, 61000.25, 50.8, "05/11/2026"]
    written = investment("10/2026", "triệu đồng", [120000, 8500.5, 61000], road)
    found = reader.read(
        "so_tai_chinh/finance.public_investment",
        **{"so_tai_chinh/dau-tu-cong-2026-10.xlsx": written},
    )
    wrong = found.control.filter(~pl.col("ties"))
    assert wrong.select("column_name", "difference").rows() == [("cumulative_vnd", -250_000.0)]


INDICATORS = [
    "STT",
    "Chỉ tiêu",
    "Đơn vị tính",
    "Ước tháng",
    "Lũy kế từ đầu năm",
    "So với cùng kỳ (%)",
    "Ngày báo cáo",
]
NAMED = {
    "Chỉ số sản xuất công nghiệp (IIP)": ("%", "iip"),
    "Tổng mức bán lẻ hàng hóa và doanh thu dịch vụ tiêu dùng": ("tỷ đồng", "retail_sales"),
    "Doanh thu vận tải, kho bãi": ("tỷ đồng", "transport_revenue"),
    "Chỉ số giá tiêu dùng (CPI)": ("%", "cpi"),
    "Kim ngạch xuất khẩu hàng hóa": ("triệu USD", "exports"),
    "Kim ngạch nhập khẩu hàng hóa": ("triệu USD", "imports"),
    "Vốn đầu tư nước ngoài đăng ký cấp mới": ("triệu USD", "fdi_new_capital"),
    "Doanh nghiệp đăng ký thành lập mới": ("doanh nghiệp", "new_enterprises"),
    "Lượt khách du lịch": ("lượt khách", "visitors"),
    "Thu ngân sách nhà nước trên địa bàn": ("tỷ đồng", "budget_revenue"),
    "Chi ngân sách địa phương": ("tỷ đồng", "budget_expenditure"),
    "Dư nợ tín dụng": ("tỷ đồng", "credit_outstanding"),
}


def test_monthly_indicators(reader: Reader) -> None:
    rows: list[Cells] = [
        [number, name, unit, 100 + number, "1.234,5", 112.4, "29/09/2026"]
        for number, (name, (unit, _)) in enumerate(NAMED.items(), start=1)
    ]
    rows[-1] = [12, "Dư nợ tín dụng", "tỷ đồng", "98.765,4", None, "108,1", moment(2026, 9, 29)]
    sheet = form("Tháng 9 năm 2026", [INDICATORS], rows)
    found = reader.accepted(
        "thong_ke_tinh/socio_economic.monthly_indicator",
        **{"thong_ke_tinh/ktxh-2026-09.xlsx": workbook(**{"Biểu tổng hợp": sheet})},
    )
    assert [(row["indicator"], row["unit"]) for row in found] == [
        (indicator, unit) for unit, indicator in NAMED.values()
    ]
    assert found[0] == {
        "period": "2026-09",
        "indicator": "iip",
        "unit": "%",
        "month_value": 101.0,
        "year_to_date_value": 1234.5,
        "vs_same_period_percent": 112.4,
        "reported_on": date(2026, 9, 29),
    }
    assert found[-1] == {
        "period": "2026-09",
        "indicator": "credit_outstanding",
        "unit": "tỷ đồng",
        "month_value": 98765.4,
        "year_to_date_value": None,
        "vs_same_period_percent": 108.1,
        "reported_on": date(2026, 9, 29),
    }


def test_indicators_entered_by_hand(reader: Reader) -> None:
    header = ["STT", "Mã chỉ tiêu", "Mã tỉnh", "Kỳ", "Giá trị", "Ngày báo cáo"]
    rows: list[Cells] = [
        [1, "GRDP_GROWTH", 33, "2026-Q3", 10.25, "10/10/2026"],
        [2, "TOTAL_INVESTMENT", "33", "2026-Q3", "43.512,0", "10/10/2026"],
    ]
    sheet = form("Số liệu đến hết tháng 09/2026", [header], rows)
    found = reader.accepted(
        "so_tai_chinh/socio_economic.indicator_form",
        **{"so_tai_chinh/chi-tieu-2026-09.xlsx": workbook(**{"Chỉ tiêu nhập tay": sheet})},
    )
    shared = {"unit_code": "33", "period": "2026-Q3", "reported_on": date(2026, 10, 10)}
    assert found == [
        {"indicator_code": "GRDP_GROWTH", "value": 10.25, **shared},
        {"indicator_code": "TOTAL_INVESTMENT", "value": 43_512.0, **shared},
    ]


SCHOOLS = [
    "STT",
    "Mã trường",
    "Tên trường",
    "Mã xã",
    "Số lớp",
    "Số học sinh",
    "Số giáo viên",
    "Ngày báo cáo",
]


def schools(total: Cells, *rows: Cells) -> Callable[[xlsxwriter.Workbook, str], None]:
    summed = [None, None, "Tổng cộng", None, *total]
    return form("Năm học 2026-2027", [SCHOOLS], rows, total=summed)


def test_schools_of_every_level(reader: Reader) -> None:
    small = [1, 33110001, "Trường Mầm non Phố Hiến", 11953, 9, 210, 18, "05/10/2026"]
    large = [2, "33110002", "Trường Mầm non Tân Hưng", "11977", "12", "1.234", 26]
    middle = [1, "33310001", "Trường THCS Phố Hiến", 11953, 20, 800, 41, "06/10/2026"]
    found = reader.read(
        "so_giao_duc/education.school",
        **{
            "so_giao_duc/truong-hoc-2026-2027.xlsx": workbook(
                **{
                    "Mầm non": schools([21, 1444, 44], small, [*large, moment(2026, 10, 6)]),
                    "Tiểu học": schools([]),
                    "THCS": schools([20, 800, 41], middle),
                    "THPT": schools([]),
                }
            )
        },
    )
    assert found.refused == []
    assert found.batch is not None
    assert found.batch.unreadable.is_empty()
    rows = found.batch.rows
    assert rows["school_year"].unique().to_list() == ["2026-2027"]
    assert rows.drop("_row_id", "_file", "_row", "school_year").rows() == [
        (
            "Mầm non",
            "33110001",
            "Trường Mầm non Phố Hiến",
            "kindergarten",
            "11953",
            9,
            210,
            18,
            date(2026, 10, 5),
        ),
        (
            "Mầm non",
            "33110002",
            "Trường Mầm non Tân Hưng",
            "kindergarten",
            "11977",
            12,
            1234,
            26,
            date(2026, 10, 6),
        ),
        (
            "THCS",
            "33310001",
            "Trường THCS Phố Hiến",
            "lower_secondary",
            "11953",
            20,
            800,
            41,
            date(2026, 10, 6),
        ),
    ]
    assert found.control.height == 6
    assert found.control["ties"].all()


@pytest.mark.parametrize(
    ("sheet", "level"),
    [
        ("Mầm non", "kindergarten"),
        ("Tiểu học", "primary"),
        ("THCS", "lower_secondary"),
        ("THPT", "upper_secondary"),
    ],
)
def test_the_level_of_a_school_is_the_name_of_its_sheet(
    reader: Reader, sheet: str, level: str
) -> None:
    row = [1, "33110001", "Trường A", "11953", 9, 210, 18, "05/10/2026"]
    written = workbook(**{sheet: schools([9, 210, 18], row)})
    found = reader.accepted(
        "so_giao_duc/education.school", **{"so_giao_duc/truong-hoc-2026-2027.xlsx": written}
    )
    assert [row["level"] for row in found] == [level]


RESIDENTS = [
    "STT",
    "Mã xã",
    "Tên xã",
    "Tổng số",
    "Nam",
    "Nữ",
    "Dưới 15 tuổi",
    "Từ 60 tuổi",
    "Tày",
    "Mường",
    "Thái",
    "Khác",
    "Phật giáo",
    "Công giáo",
    "Tin Lành",
    "Tôn giáo khác",
    "Sinh trong tháng",
    "Tử trong tháng",
    "Số thẻ căn cước",
    "Ngày chốt",
]


def test_residents(reader: Reader) -> None:
    groups, fewer = [12, 30, 0, 6, 1200, 700, 3, 0], [0, 1, 2, 0, 40, "1.050", 0, 0]
    rows = [
        [1, "11953", NAMES["11953"], 20000, 9900, 10100, 4800, 2900, *groups, 21, 9, 15000],
        [2, 11977, NAMES["11977"], "8.000", "3.990", "4.010", 1900, 1400, *fewer, 6, 5, 6000],
    ]
    rows[0].append("03/11/2026")
    rows[1].append(moment(2026, 11, 3))
    sums = [12, 31, 2, 6, 1240, 1750, 3, 0]
    total = [None, None, "Tổng cộng", 28000, 13890, 14110, 6700, 4300, *sums, 27, 14, 21000]
    sheet = form(
        "Tháng 10/2026",
        [[], RESIDENTS],
        rows,
        unit="Đơn vị tính: người",
        total=total,
        over=[(3, 7, "Nhân khẩu"), (8, 11, "Dân tộc thiểu số"), (12, 15, "Tôn giáo")],
    )
    found = reader.accepted(
        "cong_an_tinh/population.resident_by_commune",
        **{"cong_an_tinh/dan-cu-2026-10.xlsx": workbook(**{"Dân cư": sheet})},
    )
    names = ["residents", "male", "female", "under_15", "over_60"]
    names += ["ethnic_tay", "ethnic_muong", "ethnic_thai", "ethnic_other"]
    names += ["buddhist", "catholic", "protestant", "other_religion"]
    names += ["births", "deaths", "id_cards"]
    shared = {"period": "2026-10", "reported_on": date(2026, 11, 3)}
    first = (20000, 9900, 10100, 4800, 2900, *groups, 21, 9, 15000)
    second = (8000, 3990, 4010, 1900, 1400, 0, 1, 2, 0, 40, 1050, 0, 0, 6, 5, 6000)
    assert found == [
        {"commune_code": "11953", **dict(zip(names, first, strict=True)), **shared},
        {"commune_code": "11977", **dict(zip(names, second, strict=True)), **shared},
    ]


HOUSING = [
    "STT",
    "Mã dự án",
    "Tên dự án",
    "Chủ đầu tư",
    "Người đại diện",
    "Mã xã",
    "Tình trạng",
    "Diện tích đất (m²)",
    "Diện tích sàn (m²)",
    "Theo quy hoạch",
    "Đã khởi công",
    "Hoàn thành",
    "Đã bán",
    "Cho thuê, thuê mua",
    "Giá bán (đồng/m²)",
    "Ngày chốt",
]


def test_social_housing(reader: Reader) -> None:
    named = ["NOXH-001", "Nhà ở xã hội Phố Hiến", "Công ty CP Phố Hiến", "Bà Bí Mật"]
    later = ["NOXH-002", "Nhà ở xã hội Tân Hưng", "Liên danh Tân Hưng", None]
    rows = [
        [1, *named, "11953", "Đang thi công", "18.500,5", 60000, 1000, 600, 400, 250, 80],
        [2, *later, 11977, "Chuẩn bị đầu tư", 6200.0, "21.000", 300, 0, 0, 0, 0, None],
    ]
    rows[0] += ["15.500.000", "30/09/2026"]
    rows[1].append(moment(2026, 9, 30))
    total = [None, "Tổng cộng", *[None] * 7, 1300, 600, 400, 250, 80]
    sheet = form("Quý 3/2026", [[], HOUSING], rows, total=total, over=[(9, 13, "Số căn")])
    found = reader.accepted(
        "so_xay_dung/housing.social_housing",
        **{"so_xay_dung/nha-o-xa-hoi-2026-Q3.xlsx": workbook(**{"Nhà ở xã hội": sheet})},
    )
    names = ["project_code", "project_name", "developer", "commune_code", "status"]
    names += ["land_area_m2", "floor_area_m2", "units_planned", "units_started"]
    names += ["units_finished", "units_sold", "units_let", "price_vnd_per_m2"]
    first = (*named[:3], "11953", "under_construction", 18500.5, 60000.0, 1000, 600, 400, 250, 80)
    second = (*later[:3], "11977", "preparing", 6200.0, 21000.0, 300, 0, 0, 0, 0)
    shared = {"period": "2026-Q3", "reported_on": date(2026, 9, 30)}
    # who represents a developer is not read
    assert found == [
        {**dict(zip(names, (*first, 15_500_000), strict=True)), **shared},
        {**dict(zip(names, (*second, None), strict=True)), **shared},
    ]


def features(*found: tuple[Mapping[str, Any], Any]) -> Callable[[Path], None]:
    """A GeoJSON collection of properties and shapes."""
    listed = [{"type": "Feature", "properties": p, "geometry": g} for p, g in found]
    whole = {"type": "FeatureCollection", "features": listed}

    def write(path: Path) -> None:
        path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")

    return write


SQUARE = [[[106.0, 20.6], [106.1, 20.6], [106.1, 20.7], [106.0, 20.7], [106.0, 20.6]]]


def test_boundaries_of_communes(reader: Reader) -> None:
    area = {"type": "Polygon", "coordinates": SQUARE}
    parts = {"type": "MultiPolygon", "coordinates": [SQUARE]}
    first = {"ma_xa": "11953", "ten_xa": "Phường Phố Hiến", "dien_tich_km2": "27.32", "id": 1}
    later = {"ma_xa": 11977, "ten_xa": "Xã Tân Hưng", "dien_tich_km2": 30.5}
    found = reader.accepted(
        "so_nnmt/map.commune_boundary",
        **{
            "so_nnmt/ban-do/ranh-gioi-xa-2026-Q2.geojson": features((first, area)),
            "so_nnmt/ban-do/ranh-gioi-xa-2026-Q3.geojson": features((first, area), (later, parts)),
        },
    )
    told = [tuple(row[name] for name in ("edition", "commune_code", "area_km2")) for row in found]
    first_again = ("2026-Q3", "11953", 27.32)
    assert told == [("2026-Q2", "11953", 27.32), first_again, ("2026-Q3", "11977", 30.5)]
    assert [row["commune_name"] for row in found][1:] == [first["ten_xa"], later["ten_xa"]]
    assert [json.loads(row["geometry"]) for row in found] == [area, area, parts]


def test_points_of_interest(reader: Reader) -> None:
    point = {"type": "Point", "coordinates": [106.05, 20.65]}
    named = {"ma_diem": "DQT-00001", "ten_diem": "Chợ Phố Hiến", "loai": "Chợ", "ma_xa": "11953"}
    (found,) = reader.accepted(
        "so_nnmt/map.point_of_interest",
        **{
            "so_nnmt/ban-do/diem-quan-tam.geojson": features(
                ({**named, "ngay_khao_sat": "2026-09-30"}, point)
            )
        },
    )
    assert json.loads(found.pop("geometry")) == point
    assert found == {
        "poi_code": "DQT-00001",
        "poi_name": "Chợ Phố Hiến",
        "kind": "market",
        "commune_code": "11953",
        "surveyed_on": date(2026, 9, 30),
    }


def test_infrastructure(reader: Reader) -> None:
    line = {"type": "LineString", "coordinates": [[106.0, 20.6], [106.1, 20.7]]}
    point = {"type": "Point", "coordinates": [106.05, 20.65]}
    road = {
        "ma_cong_trinh": "HT-00001",
        "ten_cong_trinh": "Đường Phố Hiến",
        "loai": "Đường",
        "tinh_trang": "Đang sửa chữa",
        "co_quan_quan_ly": "Sở Xây dựng",
        "nam_su_dung": 2010,
        "ma_xa": "11953",
        "ngay_kiem_tra": "30/09/2026",
    }
    station = {
        **road,
        "ma_cong_trinh": "HT-00002",
        "loai": "Bến xe, nhà ga",
        "tinh_trang": "Đang xây dựng",
        "nam_su_dung": None,
    }
    found = reader.accepted(
        "so_xay_dung/infrastructure.asset",
        **{"so_xay_dung/ha-tang/cong-trinh.geojson": features((road, line), (station, point))},
    )
    assert [json.loads(row.pop("geometry")) for row in found] == [line, point]
    shared = {
        "asset_name": "Đường Phố Hiến",
        "managed_by": "Sở Xây dựng",
        "commune_code": "11953",
        "inspected_on": date(2026, 9, 30),
    }
    first = {"asset_code": "HT-00001", "kind": "road", "state": "under_repair", "built_in": 2010}
    other = {"asset_code": "HT-00002", "kind": "station", "state": "under_construction"}
    assert found == [{**shared, **first}, {**shared, **other, "built_in": None}]


PLANS = [
    "STT",
    "Mã đồ án",
    "Tên đồ án",
    "Loại quy hoạch",
    "Mã xã",
    "Diện tích (ha)",
    "Tầm nhìn đến năm",
    "Số quyết định",
    "Ngày quyết định",
    "Ngày chốt sổ",
]


def test_register_of_plans(reader: Reader) -> None:
    rows = [
        [1, "QH-001", "Quy hoạch chung Tân Hưng", "Quy hoạch chung", "11977", "1.250,5", 2045],
        [2, "QH-002", "Khu dân cư Phố Hiến", "Quy hoạch chi tiết", 11953, 12.0, None],
    ]
    rows[0] += ["1234/QĐ-UBND", "15/09/2026", "30/09/2026"]
    rows[1] += ["1301/QĐ-UBND", moment(2026, 9, 30), moment(2026, 9, 30)]
    found = reader.accepted(
        "so_xay_dung/planning.plan",
        **{
            "so_xay_dung/so-quy-hoach-2026-Q3.xlsx": workbook(
                **{"Sổ quy hoạch": form("Quý 3/2026", [PLANS], rows)}
            )
        },
    )
    names = ["plan_code", "plan_name", "plan_kind", "commune_code", "area_ha", "horizon_year"]
    names += ["decision_number", "decided_on", "reported_on"]
    first = ("QH-001", "Quy hoạch chung Tân Hưng", "general", "11977", 1250.5, 2045)
    second = ("QH-002", "Khu dân cư Phố Hiến", "detailed", "11953", 12.0, None)
    closed = date(2026, 9, 30)
    assert found == [
        dict(zip(names, (*first, "1234/QĐ-UBND", date(2026, 9, 15), closed), strict=True)),
        dict(zip(names, (*second, "1301/QĐ-UBND", closed, closed), strict=True)),
    ]


@pytest.mark.parametrize(
    ("name", "kind", "media_type"),
    [
        ("QH-001_ban-ve_1.dxf", "drawing", "image/vnd.dxf"),
        ("QH-001_thuyet-minh_1.pdf", "explanation", "application/pdf"),
        ("QH-001_quyet-dinh_ban-scan.png", "decision", "image/png"),
    ],
)
def test_files_of_plans(reader: Reader, name: str, kind: str, media_type: str) -> None:
    content = b"%PDF-1.4\n\x00\xff"
    (row,) = reader.accepted(
        "so_xay_dung/planning.document",
        **{f"so_xay_dung/ho-so-quy-hoach/{name}": lambda path: path.write_bytes(content) and None},
    )
    assert row == {
        "plan_code": "QH-001",
        "document_kind": kind,
        "file_name": name,
        "media_type": media_type,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def test_quality_of_service(reader: Reader) -> None:
    header = ["STT", "Mã xã", "Xã, phường", "Thủ tục phải công khai", "Công khai đúng hạn"]
    header += ["Kết quả đã trả", "Kết quả số hóa", "Phiếu đánh giá", "Phiếu hài lòng"]
    header += ["Ngày báo cáo"]
    rows = [
        [1, 11953, NAMES["11953"], 420, "405", "1.310", 1260, 45, 41, "04/11/2026"],
        [2, "11977", NAMES["11977"], 400, 400, 0, 0, 0, 0, moment(2026, 11, 5)],
    ]
    total = [None, "Tổng cộng", None, 820, 805, 1310, 1260, 45, 41]
    sheet = form("Tháng 10 năm 2026", [header], rows, total=total)
    found = reader.accepted(
        "van_phong_ubnd/public_services.procedure_quality_monthly",
        **{"van_phong_ubnd/chi-so-766-2026-10.xlsx": workbook(**{"Chỉ số 766": sheet})},
    )
    names = ["procedures", "procedures_published", "results", "results_digital"]
    names += ["ratings", "ratings_satisfied"]
    first, second = (420, 405, 1310, 1260, 45, 41), (400, 400, 0, 0, 0, 0)
    assert found == [
        {
            "period": "2026-10",
            "commune_code": code,
            **dict(zip(names, counts, strict=True)),
            "reported_on": date(2026, 11, day),
        }
        for code, counts, day in (("11953", first, 4), ("11977", second, 5))
    ]


STAFF = [
    "STT",
    "Mã cơ quan",
    "Tên cơ quan",
    "Mã xã",
    "Loại",
    "Tổng số",
    "Nữ",
    "Trên đại học",
    "Đại học",
    "Cao đẳng",
    "Trung cấp trở xuống",
    "Đến 30",
    "31-40",
    "41-50",
    "Trên 50",
    "Ngày chốt",
]


def test_staff_of_organisations(reader: Reader) -> None:
    of_commune = ["001.33.00.H31", "UBND Phường Phố Hiến", 11953, "Công chức"]
    of_province = ["000.00.02.H31", "Sở Nội vụ", None, "Viên chức"]
    counts, more = (40, 18, 8, 27, 3, 2, 4, 15, 15, 6), (1200, 700, 0, 1200, 0, 0, 0, 1200, 0, 0)
    rows = [
        [1, *of_commune, *counts, "30/06/2026"],
        [2, *of_province, "1.200", *more[1:], moment(2026, 6, 30)],
    ]
    total = [None, "Tổng cộng", *[None] * 3, *(a + b for a, b in zip(counts, more, strict=True))]
    sheet = form(
        "Số liệu đến tháng 06/2026",
        [[], STAFF],
        rows,
        total=total,
        over=[(7, 10, "Trình độ"), (11, 14, "Nhóm tuổi")],
    )
    found = reader.accepted(
        "so_noi_vu/civil_service.staff_by_unit",
        **{"so_noi_vu/can-bo-cong-chuc-2026-06.xlsx": workbook(CBCCVC=sheet)},
    )
    names = ["organisation_code", "organisation_name", "commune_code", "kind", "headcount"]
    names += ["female", "postgraduate", "university", "college", "below_college"]
    names += ["up_to_30", "from_31_to_40", "from_41_to_50", "over_50"]
    shared = {"period": "2026-H1", "reported_on": date(2026, 6, 30)}
    first = (*of_commune[:2], "11953", "civil_servant", *counts)
    second = (*of_province[:2], None, "public_employee", *more)
    assert found == [
        {**dict(zip(names, first, strict=True)), **shared},
        {**dict(zip(names, second, strict=True)), **shared},
    ]


# --- delimited text -----------------------------------------------------------------------------


def test_weekly_diseases(reader: Reader) -> None:
    written = delimited(
        "Tuần;Mã xã;Tên xã;Bệnh;Số mắc;Số tử vong;Ngày báo cáo",
        "2026-W45;11953;Phường Phố Hiến;Sốt xuất huyết Dengue;1.234;1;09/11/2026",
        "2026-W45;11953;Phường Phố Hiến;Tiêu chảy;0;0;09/11/2026",
    )
    found = reader.accepted(
        "so_y_te/health.disease_weekly", **{"so_y_te/benh-tuan/11953.csv": written}
    )
    shared = {"week": "2026-W45", "commune_code": "11953", "reported_on": date(2026, 11, 9)}
    assert found == [
        {**shared, "disease": "dengue", "cases": 1234, "deaths": 1},
        {**shared, "disease": "diarrhoea", "cases": 0, "deaths": 0},
    ]


def test_monthly_reports_of_the_health_stations(reader: Reader) -> None:
    written = delimited(
        "Tháng;Mã xã;Tên xã;Lượt khám;Ngày điều trị nội trú;Số sinh;Khám thai;"
        "Trẻ thuộc diện tiêm;Trẻ tiêm đủ;Tử vong;Ngày báo cáo",
        "10/2026;11953;Phường Phố Hiến;1.640;35;12;48;30;28;7;04/11/2026",
        "10/2026;11977;Xã Tân Hưng;0;0;0;0;0;0;0;05/11/2026",
    )
    found = reader.accepted(
        "so_y_te/health.commune_monthly",
        **{"so_y_te/bao-cao-thang/bao-cao-2026-10.csv": written},
    )
    names = ["outpatient_visits", "inpatient_days", "births", "maternal_checks", "children_due"]
    names += ["children_vaccinated", "deaths"]
    assert found == [
        {
            "period": "2026-10",
            "commune_code": "11953",
            **dict(zip(names, (1640, 35, 12, 48, 30, 28, 7), strict=True)),
            "reported_on": date(2026, 11, 4),
        },
        {
            "period": "2026-10",
            "commune_code": "11977",
            **dict.fromkeys(names, 0),
            "reported_on": date(2026, 11, 5),
        },
    ]


# --- services -----------------------------------------------------------------------------------


def test_dossiers(reader: Reader) -> None:
    done = {
        "MaHoSo": "H31.12-261101-00001",
        "MaThuTuc": "1.004194",
        "MaXa": "11953",
        "NguoiNop": "Nguyễn Văn A",
        "SoDienThoai": "0900000001",
        "HinhThuc": "truc_tuyen",
        "TrangThai": "da_tra",
        "TiepNhanLuc": "2026-11-01T08:30:00",
        "HanTra": "2026-11-08T17:00:00",
        "TraLuc": "2026-11-07T09:00:00",
        "CapNhatLuc": "2026-11-07T09:00:05",
    }
    new = {"MaHoSo": "H31.12-261101-00002", "TrangThai": "moi_tiep_nhan", "TraLuc": None}
    written = answer({"MSG": "Done", "Count": 2}, "Data", done, {**done, **new})
    found = reader.accepted(
        "van_phong_ubnd/public_services.procedure_dossier", **{"page-1.json": written}
    )
    first = {
        "dossier_code": "H31.12-261101-00001",
        "procedure_code": "1.004194",
        "commune_code": "11953",
        "applicant_name": "Nguyễn Văn A",
        "channel": "online",
        "status": "done",
        "received_at": moment(2026, 11, 1, 8, 30),
        "due_at": moment(2026, 11, 8, 17),
        "finished_at": moment(2026, 11, 7, 9),
        "updated_at": moment(2026, 11, 7, 9, 0, 5),
    }
    second = {"dossier_code": "H31.12-261101-00002", "status": "received", "finished_at": None}
    assert found == [first, first | second]


def test_feedback(reader: Reader) -> None:
    answered = {
        "MaPhanAnh": "PA-261101-00001",
        "MaXa": "11953",
        "LinhVuc": "moi_truong",
        "Kenh": "ung_dung",
        "SoDienThoai": "0900000001",
        "TrangThai": "da_tra_loi",
        "TiepNhanLuc": "2026-11-01T08:30:00",
        "TraLoiLuc": "2026-11-07T09:00:00",
        "MucHaiLong": 4,
        "CapNhatLuc": "2026-11-07T09:00:00",
    }
    new = {
        "MaPhanAnh": "PA-261101-00002",
        "LinhVuc": "dich_vu_cong",
        "Kenh": "cong_thong_tin",
        "SoDienThoai": None,
        "TrangThai": "dang_xu_ly",
        "TraLoiLuc": None,
        "MucHaiLong": None,
    }
    written = answer({"MSG": "Done", "Count": 2}, "Data", answered, {**answered, **new})
    found = reader.accepted(
        "van_phong_ubnd/public_services.citizen_feedback", **{"page-1.json": written}
    )
    first = {
        "feedback_code": "PA-261101-00001",
        "commune_code": "11953",
        "field": "environment",
        "channel": "app",
        "sender_phone": "0900000001",
        "status": "answered",
        "received_at": moment(2026, 11, 1, 8, 30),
        "answered_at": moment(2026, 11, 7, 9),
        "satisfaction": 4,
        "updated_at": moment(2026, 11, 7, 9),
    }
    second = {
        "feedback_code": "PA-261101-00002",
        "field": "public_services",
        "channel": "portal",
        "sender_phone": None,
        "status": "processing",
        "answered_at": None,
        "satisfaction": None,
    }
    assert found == [first, first | second]


def test_social_insurance(reader: Reader) -> None:
    row = {
        "Ky": "10/2026",
        "MaXa": "11953",
        "LoaiBaoHiem": "bhxh_bat_buoc",
        "SoThamGia": 4500,
        "SoHuong": 1100,
        "ThuTrongThang": 7400000000,
        "ThuLuyKe": 73000000000,
        "ChiTrongThang": 6100000000,
        "ChiLuyKe": 60000000000,
        "CapNhatLuc": "2026-11-08T16:30:00",
    }
    kinds = {"bhxh_tu_nguyen": "social_voluntary", "bhtn": "unemployment", "bhyt": "health"}
    rows = [row, *({**row, "LoaiBaoHiem": kind} for kind in kinds)]
    found = reader.accepted(
        "bhxh_tinh/social_security.participation_monthly",
        **{"page-1.json": answer({"MSG": "Done", "Count": 4}, "Data", *rows)},
    )
    first = {
        "period": "2026-10",
        "commune_code": "11953",
        "insurance_kind": "social_compulsory",
        "participants": 4500,
        "beneficiaries": 1100,
        "contributions_month_vnd": 7400000000,
        "contributions_ytd_vnd": 73000000000,
        "benefits_month_vnd": 6100000000,
        "benefits_ytd_vnd": 60000000000,
        "updated_at": moment(2026, 11, 8, 16, 30),
    }
    assert found == [first, *({**first, "insurance_kind": kind} for kind in kinds.values())]


def test_air_quality(reader: Reader) -> None:
    rows = [
        {"station": "Phố Hiến", "ts": "2026-11-19T08:00:00", "pm25": 35.5, "aqi": 71},
        {"station": "Phố Hiến", "ts": "2026-11-19T09:00:00", "pm25": 36, "aqi": 72},
    ]
    found = reader.accepted(
        "so_nnmt/environment.air_quality_hourly",
        **{"page-1.json": answer({"meta": {"next": None}}, "data", *rows)},
    )
    assert found == [
        {
            "station": "Phố Hiến",
            "observed_at": moment(2026, 11, 19, 8 + later),
            "pm25_ug_m3": pm25,
            "aqi": aqi,
        }
        for later, (pm25, aqi) in enumerate([(35.5, 71), (36.0, 72)])
    ]


def test_one_spoilt_reading_is_refused_and_the_others_stay_numbers(reader: Reader) -> None:
    rows = [
        {"station": "Phố Hiến", "ts": "2026-11-19T08:00:00", "pm25": "bảo trì", "aqi": 71},
        {"station": "Phố Hiến", "ts": "2026-11-19T09:00:00", "pm25": 36.125, "aqi": 72},
    ]
    found = reader.read(
        "so_nnmt/environment.air_quality_hourly", **{"page-1.json": answer({}, "data", *rows)}
    )
    assert found.batch is not None
    assert found.batch.rows["pm25_ug_m3"].to_list() == [None, 36.125]
    assert found.batch.unreadable.rows() == [(0, "pm25_ug_m3", "bảo trì")]


def test_permits(reader: Reader) -> None:
    house = {
        "so_giay_phep": "412/2026/GPXD",
        "ma_xa": "11953",
        "loai": "nha_o_rieng_le",
        "chu_dau_tu": "Nguyễn Văn A",
        "dien_tich_san": 240.5,
        "so_tang": 3,
        "ngay_cap": "2026-11-03",
        "ngay_het_han": "2027-11-03",
        "cap_nhat_luc": "2026-11-03T15:00:00",
    }
    works = {"so_giay_phep": "413/2026/GPXD", "loai": "cong_trinh", "dien_tich_san": 9000}
    found = reader.accepted(
        "so_xay_dung/construction.permit",
        **{"page-1.json": answer({}, "data", house, {**house, **works})},
    )
    first = {
        "permit_no": "412/2026/GPXD",
        "commune_code": "11953",
        "kind": "new_house",
        "applicant": "Nguyễn Văn A",
        "floor_area_m2": 240.5,
        "floors": 3,
        "issued_on": date(2026, 11, 3),
        "expires_on": date(2027, 11, 3),
        "updated_at": moment(2026, 11, 3, 15),
    }
    second = {"permit_no": "413/2026/GPXD", "kind": "works", "floor_area_m2": 9000.0}
    assert found == [first, first | second]


# --- databases ----------------------------------------------------------------------------------


def test_budget_collection(reader: Reader) -> None:
    written = table(
        ky=[date(2026, 10, 1)] * 2,
        ma_xa=["11953", "11977"],
        khoan_thu=["tien_su_dung_dat", "thu_khac"],
        so_thu=[Decimal("1234567890123.00"), Decimal("0.00")],
        hoan_tra=[Decimal("700.00"), Decimal("0.00")],
        cap_nhat_luc=[moment(2026, 11, 2, 9, 30)] * 2,
    )
    found = reader.accepted(
        "kho_bac/finance.budget_collection", **{"thu_ngan_sach.parquet": written}
    )
    shared = {"period": "2026-10", "updated_at": moment(2026, 11, 2, 9, 30)}
    land = {"revenue_item": "land_use_fee", "collected_vnd": 1_234_567_890_123}
    assert found == [
        {"commune_code": "11953", **land, "refunded_vnd": 700, **shared},
        {
            "commune_code": "11977",
            "revenue_item": "other",
            "collected_vnd": 0,
            "refunded_vnd": 0,
            **shared,
        },
    ]


def test_a_fraction_of_a_dong_is_no_whole_number(reader: Reader) -> None:
    written = table(
        ky=[date(2026, 10, 1)],
        ma_xa=["11953"],
        khoan_thu=["thu_khac"],
        so_thu=[Decimal("7000.50")],
        hoan_tra=[None],
        cap_nhat_luc=[moment(2026, 11, 2, 9, 30)],
    )
    found = reader.read("kho_bac/finance.budget_collection", **{"thu_ngan_sach.parquet": written})
    assert found.batch is not None
    assert found.batch.rows["collected_vnd"].to_list() == [None]
    assert found.batch.unreadable.rows() == [(0, "collected_vnd", "7000.50")]


def test_treasury_payments(reader: Reader) -> None:
    written = table(
        so_chung_tu=["CTC-261104-00001"],
        ma_xa=["11953"],
        loai_chi=["dau_tu"],
        ngay_duyet=[date(2026, 11, 2)],
        ngay_chi=[date(2026, 11, 4)],
        so_tien=[Decimal("125000000.00")],
        cap_nhat_luc=[moment(2026, 11, 4, 16)],
    )
    found = reader.accepted(
        "kho_bac/finance.treasury_payment", **{"chi_ngan_sach.parquet": written}
    )
    assert found == [
        {
            "payment_no": "CTC-261104-00001",
            "commune_code": "11953",
            "spending_kind": "investment",
            "approved_on": date(2026, 11, 2),
            "paid_on": date(2026, 11, 4),
            "amount_vnd": 125_000_000,
            "updated_at": moment(2026, 11, 4, 16),
        }
    ]


def test_tax_collection(reader: Reader) -> None:
    written = table(
        ky=["10/2026"],
        ma_xa=["11953"],
        sac_thue=["gtgt"],
        so_nguoi_nop=[120],
        so_phai_nop=[Decimal(5000)],
        so_da_nop=[Decimal(4000)],
        so_no=[Decimal(1500)],
        cap_nhat_luc=[moment(2026, 11, 2, 9)],
    )
    found = reader.accepted("thue_tinh/finance.tax_collection", **{"thu_thue.parquet": written})
    assert found == [
        {
            "period": "2026-10",
            "commune_code": "11953",
            "tax_kind": "value_added",
            "taxpayers": 120,
            "assessed_vnd": 5000,
            "collected_vnd": 4000,
            "arrears_vnd": 1500,
            "updated_at": moment(2026, 11, 2, 9),
        }
    ]


@pytest.mark.parametrize(
    ("area", "price", "sheet"),
    [("120.5", "2400000000", "12"), (120.5, 2_400_000_000, 12)],
    ids=["text", "numbers"],
)
def test_land_transactions(reader: Reader, area: Any, price: Any, sheet: Any) -> None:
    written = table(
        ma_giao_dich=["GD2026-000001", "GD2026-000002"],
        ma_xa=["11953", "11977"],
        loai=["chuyen_nhuong", "tang_cho"],
        to_ban_do=[sheet, sheet],
        thua_dat=[345, 346],
        dien_tich_m2=[area, area],
        gia_tri=[price, None],
        chu_su_dung=["Nguyễn Văn A", "Trần Thị B"],
        ngay_dang_ky=["2026-11-03", "2026-11-04"],
        cap_nhat_luc=["2026-11-05 10:00:00", "2026-11-05 10:00:01"],
    )
    found = reader.accepted("so_nnmt/land.transaction", **{"bien_dong_dat.parquet": written})
    first = {
        "transaction_code": "GD2026-000001",
        "commune_code": "11953",
        "kind": "transfer",
        "map_sheet": 12,
        "parcel": 345,
        "area_m2": 120.5,
        "price_vnd": 2_400_000_000,
        "owner_name": "Nguyễn Văn A",
        "registered_on": date(2026, 11, 3),
        "updated_at": moment(2026, 11, 5, 10),
    }
    second = {
        "transaction_code": "GD2026-000002",
        "commune_code": "11977",
        "kind": "gift",
        "parcel": 346,
        "price_vnd": None,
        "owner_name": "Trần Thị B",
        "registered_on": date(2026, 11, 4),
        "updated_at": moment(2026, 11, 5, 10, 0, 1),
    }
    assert found == [first, first | second]


def test_the_treasury_s_revenue_has_the_months_of_its_days(reader: Reader) -> None:
    written = table(
        ky=[date(2026, 10, 1)],
        ma_xa=["11953"],
        du_toan=[Decimal("184395000000.00")],
        thu_trong_thang=[Decimal("13241768000.00")],
        thu_luy_ke=[Decimal("171320341000.00")],
        ngay_khoa_so=[date(2026, 10, 31)],
        cap_nhat_luc=[moment(2026, 11, 6, 16)],
    )
    found = reader.accepted("kho_bac/finance.budget_revenue", **{"tong_hop_thu.parquet": written})
    assert found == [
        {
            "period": "2026-10",
            "commune_code": "11953",
            "year_plan_vnd": 184_395_000_000,
            "month_vnd": 13_241_768_000,
            "cumulative_vnd": 171_320_341_000,
            "closed_on": date(2026, 10, 31),
        }
    ]


# --- the profile --------------------------------------------------------------------------------


def test_every_active_feed_of_the_profile_is_read_here(catalog: Catalog) -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert len(catalog.active) >= 15
    assert [entry.id for entry in catalog.active if f'"{entry.id}"' not in text] == []
