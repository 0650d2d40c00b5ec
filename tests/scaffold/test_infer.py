"""What is guessed of a column, and what just misses the guess."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from contracts.formats import COMMUNE_CODE, ISO_WEEK, MONTH
from ioc_pipelines.intake.names import spellings
from ioc_pipelines.scaffold.around import stated_period
from ioc_pipelines.scaffold.cells import Known, read_sample
from ioc_pipelines.scaffold.form import find_form
from ioc_pipelines.scaffold.grid import Grid, delimited
from ioc_pipelines.scaffold.infer import infer_fields, money_capture
from ioc_pipelines.scaffold.key import choose_key
from ioc_pipelines.scaffold.model import Field, Sample, ScaffoldError
from ioc_pipelines.scaffold.words import named

KNOWN = Known(
    {"province": spellings([("Hưng Yên", "Hưng Yên"), ("Hà Nội", "Hà Nội")])},
    {"admin_unit.commune": pl.Series(["11953", "11977", "11980"])},
    date(2026, 11, 20),
)
Infer = Callable[..., list[Field]]


def sample_of(path: Path, name: str = "so_a/bieu.csv") -> Sample:
    grid, delimiter, encoding = delimited(path)
    form = find_form(grid)
    layout = {"format": "csv", "delimiter": delimiter, "encoding": encoding, **form.layout}
    connector = {"kind": "files"}
    return Sample("bieu.csv", path, name, connector, layout, form.headers, form.title)


@pytest.fixture
def infer(tmp_path: Path) -> Infer:
    """The columns of a table that is given column by column."""

    def inferred(above: str = "", **columns: Sequence[str]) -> list[Field]:
        path = tmp_path / "bieu.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            if above:
                writer.writerow([above])
            writer.writerow([header.replace("__", " ") for header in columns])
            writer.writerows(zip(*columns.values(), strict=True))
        sample = sample_of(path)
        return infer_fields(sample, read_sample(sample, money_capture(sample)), KNOWN)

    return inferred


@pytest.fixture
def column(infer: Infer) -> Callable[..., Field]:
    """One column, beside another of words and figures that prove nothing."""

    def inferred(header: str, cells: Sequence[str], above: str = "") -> Field:
        beside = {"Tên__cột__khác": [f"chữ {n}" for n in range(len(cells))]}
        found = infer(above, **{header: cells}, **beside)
        return found[0]

    return inferred


COMMUNES = ["11953", "11977", "11980"]


@pytest.mark.parametrize(
    ("header", "cells", "name", "kind", "checks", "source"),
    [
        # periods
        ("Tháng", ["10/2026", "9/2026"], "period", "str", {"str_matches": MONTH},
         {"date": "%m/%Y", "period": "month"}),
        ("Kỳ", ["2026-10", "2026-09"], "period", "str", {"str_matches": MONTH}, {}),
        ("Kỳ", ["2026-10", "2026-13"], "period", "str", {}, {}),
        ("Tháng", ["10", "12"], "month", "int", {"in_range": (1, 12)}, {}),
        ("Tuần", ["2026-W44", "2026-W45"], "week", "str", {"str_matches": ISO_WEEK}, {}),
        ("Năm", ["2025", "2026"], "year", "int", {"in_range": (1900, 2100)}, {}),
        ("Năm__học", ["2025-2026", "2024-2025"], "school_year", "str",
         {"str_matches": r"^\d{4}-\d{4}$"}, {}),
        ("Ghi__chú", ["2025-2026", "2024-2025"], "note", "str", {}, {}),
        # units
        ("Mã__xã", COMMUNES, "commune_code", "str",
         {"references": "admin_unit.commune"}, {"pad": 5}),
        ("Mã__xã", ["11953", "99998", "99999"], "commune_code", "str",
         {"str_matches": COMMUNE_CODE}, {"pad": 5}),
        ("Mã__địa__bàn", COMMUNES, "commune_code", "str",
         {"references": "admin_unit.commune"}, {"pad": 5}),
        ("Số__lượng", COMMUNES, "number", "int", {"ge": 0}, {"number": "vi"}),
        ("Tỉnh", ["Tỉnh Hưng Yên", "TP. Hà Nội"], "province_name", "str", {},
         {"names": "province"}),
        ("Tỉnh", ["Hưng Yên", "Nơi khác"], "province_name", "str", {}, {}),
        # codes
        ("Mã__số__thuế", ["0900123456", "0900654321"], "ma_so_thue", "str",
         {"str_matches": r"^\d{10}$"}, {"pad": 10}),
        ("Mã__số__thuế", ["0900123456", "0900654321-001"], "ma_so_thue", "str", {}, {}),
        ("Tổ", ["01", "12"], "to", "str", {"str_matches": r"^\d{2}$"}, {"pad": 2}),
        ("Tổ", ["1", "12"], "to", "int", {"ge": 0}, {"number": "vi"}),
        # days and moments
        ("Ngày__cấp", ["31/10/2026", "01/11/2026"], "issued_on", "date",
         {"not_after_arrival": True}, {"date": "%d/%m/%Y"}),
        ("Ngày__cấp", ["10/31/2026", "11/01/2026"], "issued_on", "date",
         {"not_after_arrival": True}, {"date": "%m/%d/%Y"}),
        ("Ngày__cấp", ["31/10/2026", "hôm qua"], "issued_on", "str", {}, {}),
        ("Ngày__hết__hạn", ["31/10/2026", "01/11/2026"], "expires_on", "date", {},
         {"date": "%d/%m/%Y"}),
        ("Ngày__họp", ["31/10/2026", "01/12/2026"], "ngay_hop", "date", {}, {"date": "%d/%m/%Y"}),
        ("Cập__nhật", ["2026-11-01 08:30:00", "2026-11-02 00:00:00"], "updated_at", "moment",
         {"not_after_arrival": True}, {}),
        ("Cập__nhật", ["2026-11-01 00:00:00", "2026-11-02 00:00:00"], "updated_on", "date",
         {"not_after_arrival": True}, {"date": None}),
        ("Cập__nhật", ["2026-11-01T08:30:00Z", "2026-11-02T08:30:00Z"], "updated", "str", {}, {}),
        # figures
        ("Số__thu", ["1.234.567", "12"], "revenue", "int", {"ge": 0}, {"number": "vi"}),
        ("Số__thu", ["1,234,567", "12"], "revenue", "int", {"ge": 0}, {"number": "en"}),
        ("Số__thu", ["1234.5", "12"], "revenue", "float", {"ge": 0}, {"number": "plain"}),
        ("Số__thu", ["1.234,5", "12"], "revenue", "float", {"ge": 0}, {"number": "vi"}),
        ("Số__thu", ["1.234", "-12"], "revenue", "int", {}, {"number": "vi"}),
        ("Nhiệt__độ", ["21", "12"], "nhiet_do", "int", {}, {"number": "vi"}),
        ("Số__thu", ["12", "-"], "revenue", "int", {"ge": 0}, {"number": "vi", "nulls": {"-"}}),
        ("Số__thu", ["12", "chưa có"], "revenue", "str", {}, {}),
        ("Tiến__độ__(%)", ["12,5", "100"], "tien_do", "float", {"in_range": (0, 100)},
         {"number": "vi"}),
        ("Tiến__độ__(%)", ["12,5", "101"], "tien_do", "float", {"ge": 0}, {"number": "vi"}),
    ],
)  # fmt: skip
def test_a_column(
    column: Callable[..., Field],
    header: str,
    cells: list[str],
    name: str,
    kind: str,
    checks: dict[str, Any],
    source: dict[str, Any],
) -> None:
    found = column(header, cells)
    assert (found.name, found.kind, dict(found.checks)) == (name, kind, checks)
    more = {k: v for k, v in found.source.items() if k != "source"}
    wanted = {k: list(v) if k == "nulls" else v for k, v in source.items() if v is not None}
    assert more == wanted
    assert found.values.null_count() == cells.count("-")


def test_values_that_come_again_are_an_enum_and_those_that_hardly_do_are_none(
    column: Callable[..., Field],
) -> None:
    kinds = ["Loại một", "Loại hai", "Loại ba"]
    assert column("Loại", kinds * 4).checks == {"isin": sorted(kinds)}
    assert column("Loại", kinds * 3).checks == {}, "nine rows are too few"
    assert column("Loại", [*kinds * 4, "Loại bốn"]).checks == {}, "one stands alone"
    assert column("Loại", ["Loại một"] * 12).checks == {}, "one value says nothing"
    assert column("Loại", [f"Loại {chr(65 + n)}" for n in range(11)] * 4).checks == {}, "eleven"
    assert column("Loại", [text + " dài" * 15 for text in kinds] * 4).checks == {}, "too long"


@pytest.mark.parametrize(
    ("header", "is_personal"),
    [
        ("Họ và tên", True),
        ("Họ tên chủ hộ", True),
        ("Số điện thoại", True),
        ("Số CCCD", True),
        ("Địa chỉ thường trú", True),
        ("Ngày sinh", True),
        ("Tên dự án", False),
        ("Số người nộp thuế", False),
        ("Địa bàn", False),
        ("Ngày cấp", False),
    ],
)
def test_the_header_says_whether_a_person_is_named(
    column: Callable[..., Field], header: str, is_personal: bool
) -> None:
    found = column(header.replace(" ", "__"), ["12", "13"])
    assert found.personal is is_personal
    if is_personal:
        assert found.kind == "str", "never a number: it may begin with 0"


def test_a_day_of_birth_is_a_day(column: Callable[..., Field]) -> None:
    found = column("Ngày__sinh", ["31/10/1980", "01/11/1999"])
    assert (found.kind, found.personal, found.checks) == ("date", True, {})


def test_what_one_column_proves_of_figures_holds_for_all(infer: Infer) -> None:
    found = infer(Xã=["a b", "c d"], Thu=["1234.5", "2.5"], Chi=["4.817", "1"])
    assert [f.source.get("number") for f in found] == [None, "plain", "plain"]
    found = infer(Xã=["a b", "c d"], Thu=["1.234,5", "2"], Chi=["4.817", "1"])
    assert found[2].values.to_list() == [4817, 1]


def test_the_unit_above_the_table_is_of_amounts_and_not_of_counts(infer: Infer) -> None:
    found = infer(
        "Đơn vị tính: triệu đồng",
        Mã__xã=COMMUNES,
        Kinh__phí=["1.250,5", "2", "3"],
        Số__người=["10", "20", "30"],
        **{"Diện__tích__(ha)": ["1,5", "2", "3"]},
    )
    units = {f.name: (f.unit, f.source.get("unit")) for f in found}
    assert units == {
        "commune_code": (None, None),
        "funds_vnd": ("đồng", "{unit}"),
        "people": (None, None),
        "area": ("ha", None),
    }
    assert found[1].values.to_list() == [1_250_500_000, 2_000_000, 3_000_000]
    assert found[1].kind == "int"


@pytest.mark.parametrize(
    ("title", "name", "expected"),
    [
        ("BÁO CÁO Tháng 10/2026", "a/x.csv", ("period", "2026-10")),
        ("BÁO CÁO tháng 9 năm 2026", "a/x.csv", ("period", "2026-09")),
        ("Hưng Yên, ngày 05 tháng 11 năm 2026", "a/x.csv", None),
        ("BÁO CÁO Quý III/2026", "a/x.csv", ("quarter", "III/2026")),
        ("BÁO CÁO năm 2026", "a/x.csv", ("year", 2026)),
        ("Năm học 2025-2026", "a/x.csv", ("school_year", "2025-2026")),
        ("BÁO CÁO", "a/bieu-2026-10.csv", ("period", "2026-10")),
        ("BÁO CÁO", "a/bieu-10-2026.csv", ("period", "2026-10")),
        ("BÁO CÁO", "a/bieu-2026-13.csv", None),
        ("Kỳ báo cáo: 9-2026", "a/x.csv", ("period", "2026-09")),
        ("Tháng 2026-10", "a/x.csv", ("period", "2026-10")),
        ("BÁO CÁO", "a/bieu_T10.2026.csv", ("period", "2026-10")),
        ("BÁO CÁO", "a/bieu202610.csv", ("period", "2026-10")),
        ("BÁO CÁO", "a/bieu-2026-10_1.csv", ("period", "2026-10")),
        ("BÁO CÁO", "a/2026/10/bieu.csv", ("period", "2026-10")),
        ("BÁO CÁO", "a/bieu-2026-W44.csv", ("week", "2026-W44")),
        ("BÁO CÁO", "a/bieu-quy-3-2026.csv", ("quarter", "3-2026")),
        ("BÁO CÁO", "a/bieu-2026-10-31.csv", ("day", date(2026, 10, 31))),
        ("BÁO CÁO", "a/bieu-20261031.csv", ("day", date(2026, 10, 31))),
        ("BÁO CÁO", "a/bieu-2026.csv", ("year", 2026)),
        ("BÁO CÁO", "a/bieu-12026.csv", None),
        ("BÁO CÁO", "a/x.csv", None),
    ],
)
def test_a_period_beside_the_table(
    tmp_path: Path, title: str, name: str, expected: tuple[str, Any] | None
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"{title}\nMã xã;Số thu\n11953;1\n11977;2\n", encoding="utf-8")
    sample = sample_of(path, name=name)
    found = stated_period(sample, infer_fields(sample, read_sample(sample, {}), KNOWN), KNOWN)
    assert (found and (found[1].name, found[1].values[0])) == expected


def test_the_key_is_period_and_unit_first_and_no_more_than_is_needed(infer: Infer) -> None:
    one = infer(Mã__xã=COMMUNES, Tháng=["10/2026"] * 3, Số__thu=["1", "2", "3"])
    assert choose_key(one)[0] == ("period", "commune_code")
    two = infer(
        Mã__xã=["11953", "11953", "11977", "11977"],
        Tháng=["10/2026"] * 4,
        Bệnh=["Cúm", "Sởi", "Cúm", "Sởi"],
        Số__mắc=["1", "2", "1", "5"],
    )
    assert choose_key(two)[0] == ("period", "commune_code", "disease")
    stations = infer(Mã__xã=COMMUNES, Mã__trạm=["T1", "T2", "T3"], Số__đo=["1", "2", "3"])
    assert choose_key(stations)[0] == (stations[1].name,), "a commune may have two stations"
    alone = infer(Mã__xã=["11953", "11953"], Mã__hồ__sơ=["H1", "H2"], Số__thu=["1", "2"])
    assert choose_key(alone)[0] == ("dossier_code",)


@pytest.mark.parametrize(
    ("header", "days", "is_it"),
    [
        ("Ngày__báo__cáo", ["03/11/2026", "04/11/2026", "03/11/2026"], True),
        ("reported_on", ["2026-11-03"] * 3, True),
        ("Ngày", ["31/10/2026"] * 3, True),
        ("Ngày__cấp", ["31/10/2026", "30/10/2026", "29/10/2026"], False),
        ("Cập__nhật", ["31/10/2026"] * 3, False),
    ],
)
def test_a_day_of_report_is_the_period_only_where_nothing_else_is(
    infer: Infer, header: str, days: list[str], is_it: bool
) -> None:
    columns = {header: days, "Mã__xã": COMMUNES, "Số__thu": ["1", "2", "3"]}
    found = infer(**columns)
    named_first = choose_key(found)[0][0]
    assert named_first == (found[0].name if is_it else "commune_code")
    found = infer(Tháng=["10/2026"] * 3, **columns)
    assert choose_key(found)[0] == ("period", "commune_code")


@pytest.mark.parametrize(
    ("header", "vi", "en", "to_mend"),
    [
        ("Tỷ lệ sử dụng", "Tỷ lệ sử dụng", "Rate used", False),
        ("Ty le su dung", "Tỷ lệ sử dụng", "Rate used", False),
        ("So nguoi", "Số người", "People", False),
        ("beds", "Số giường bệnh", "Hospital beds", False),
        ("bed_use_rate", "bed_use_rate", "Bed use rate", True),
        ("Kinh do dia ly", "Kinh do dia ly", "Kinh do dia ly", True),
    ],
)
def test_a_title_without_marks_gets_them_back_or_is_marked(
    column: Callable[..., Field], header: str, vi: str, en: str, to_mend: bool
) -> None:
    found = column(header.replace(" ", "__"), ["1", "2"])
    assert (found.vi, found.en) == (vi, en)
    assert any("MEND BY HAND" in guess.why for guess in found.guesses) is to_mend


def test_no_person_and_no_empty_cell_is_in_the_key(infer: Infer) -> None:
    found = infer(Họ__tên=["An", "Bình"], Mã__sổ=["S1", "S2"], Số__thu=["1", "1"])
    assert choose_key(found)[0] == ("ma_so",)
    lacking = infer(Mã__sổ=["S1", ""], Tổ__dân__phố=["một", "hai"], Số__thu=["1", "1"])
    assert choose_key(lacking)[0] == ("to_dan_pho",)


def test_the_unit_of_a_file_of_one_unit_is_in_the_key(infer: Infer) -> None:
    found = infer(
        Tuần=["2026-W44", "2026-W45"], Mã__xã=["11953"] * 2, Bệnh=["Cúm", "Sởi"], Số__mắc=["1", "2"]
    )
    assert choose_key(found)[0] == ("week", "commune_code")


def test_a_few_slips_of_an_officer_change_nothing(infer: Infer) -> None:
    codes = [COMMUNES[n % 3] for n in range(40)]
    weeks = [f"2026-W{10 + n // 3}" for n in range(40)]
    figures = [str(n) for n in range(40)]

    def spoilt(cells: list[str], slip: str, times: int) -> list[str]:
        return [slip] * times + cells[times:]

    found = infer(Tuần=weeks, Mã__xã=spoilt(codes, "", 2), Số__mắc=spoilt(figures, "vài", 2))
    by_name = {f.name: f for f in found}
    assert choose_key(found)[0] == ("week", "commune_code")
    assert not by_name["commune_code"].nullable, "the two rows are to be refused"
    assert (by_name["cases"].kind, by_name["cases"].bad, by_name["cases"].nullable) == (
        "int",
        2,
        False,
    )
    found = infer(Tuần=weeks, Mã__xã=spoilt(codes, "", 3), Số__mắc=spoilt(figures, "vài", 3))
    by_name = {f.name: f for f in found}
    assert by_name["commune_code"].nullable, "three of forty are no slips"
    assert by_name["cases"].kind == "str"
    found = infer(Tuần=weeks, Mã__xã=codes, Số__mắc=spoilt(figures, "1,5", 2))
    assert {f.name: f for f in found}["cases"].kind == "float", "a fraction is no slip"


def test_rows_that_nothing_tells_apart_are_said(infer: Infer) -> None:
    found = infer(Tổ=["một", "một"], Diện__tích=["1,5", "2,5"])
    key, guess = choose_key(found)
    assert key == ("to",)
    assert "set it by hand" in guess.why
    with pytest.raises(ScaffoldError, match="two columns"):
        choose_key(found[:1])


def test_names_are_words_in_small_ascii_letters() -> None:
    headers = ["Số hộ nghèo", "Đơn giá", "2015", "Lớp", "class", "Mã đơn vị (*)", "NameEn", "id"]
    assert [named(header).name for header in headers] == [
        "poor_households",
        "don_gia",
        "c_2015",
        "classes",
        "class_value",
        "ma_don_vi",
        "name_en",
        "record_id",
    ]
    assert len(named("một tiêu đề rất dài " * 5).name) <= 40


# --- where the table is --------------------------------------------------------------------------


def test_a_header_is_found_below_two_agencies_and_above_rows_of_text() -> None:
    rows = [
        ["UBND TỈNH", "", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
        ["Tên", "Loại", "Nơi"],
        ["a", "b", "c"],
        ["d", "e", "f"],
    ]
    assert list(find_form(Grid.of(rows)).headers) == ["Tên", "Loại", "Nơi"]


def test_headings_between_rows_are_told_by_the_column_they_lack() -> None:
    rows = [
        ["STT", "Mã", "Tên", "Số thu", "Số chi"],
        ["", "", "Khu vực một", "", ""],
        ["1", "M1", "a", "1", "5"],
        ["2", "M2", "b", "2", "6"],
        ["", "", "Khu vực hai", "", ""],
        ["3", "M3", "c", "3", "7"],
    ]
    assert find_form(Grid.of(rows)).label == "Mã"
    assert find_form(Grid.of([rows[0], *rows[2:4]])).label is None


def test_a_commune_called_like_a_total_is_a_row() -> None:
    rows = [
        ["Xã", "Thu", "Chi"],
        ["Cộng Hòa", "1", "2"],
        ["Tân Hưng", "3", "4"],
        ["Cộng", "4", "6"],
    ]
    layout = find_form(Grid.of(rows)).layout
    assert layout == {"totals": [{"rows": r"^Cộng \|", "parts": "all"}]}


def test_forms_without_marks_are_understood() -> None:
    rows = [
        ["TRUNG TAM Y TE", "", ""],
        ["Tháng", "10/2026", ""],
        ["Xa", "Thu", "Chi"],
        ["Tan Hung", "3", "4"],
        ["Pho Hien", "1", "2"],
        ["TONG CONG:", "4", "6"],
        ["", "Nguoi lap bieu", ""],
    ]
    form = find_form(Grid.of(rows))
    assert list(form.headers) == ["Xa", "Thu", "Chi"]
    assert form.heading is None, "an agency is no title"
    assert [total["rows"] for total in form.layout["totals"]] == [r"^TONG CONG: \|"]
    assert "skip_rows" in form.layout


def test_a_unit_in_brackets_is_no_part_of_the_title(column: Callable[..., Field]) -> None:
    found = column("Kinh phi (trieu dong)".replace(" ", "__"), ["1,5", "2"])
    assert (found.vi, found.unit, found.name) == ("Kinh phí", "đồng", "funds_vnd")
    assert found.values.to_list() == [1_500_000, 2_000_000]


def test_a_first_row_of_figures_is_no_row_of_labels() -> None:
    rows = [["Xã", "Thu", "Chi"], ["1", "2", "4"], ["2", "3", "5"]]
    assert find_form(Grid.of(rows)).layout == {}
    labelled = [rows[0], ["1", "2", "3"], *rows[1:]]
    assert find_form(Grid.of(labelled)).layout == {"skip_rows": r"(?i)^(1 \| 2 \| 3$)"}


def test_a_header_that_stands_twice_is_named_by_its_letter() -> None:
    rows = [["Xã", "Thu", "Thu", ""], ["a", "1", "2", "3"], ["b", "3", "4", "5"]]
    headers = find_form(Grid.of(rows)).headers
    assert headers == {"Xã": "Xã", "B": "Thu", "C": "Thu", "D": "Cột D"}


@pytest.mark.parametrize(
    ("content", "delimiter", "encoding"),
    [
        ("Xã,Thu\nA,1\n".encode(), ",", "utf-8"),
        ("Xã;Thu\nA;1,5\nB;2,5\n".encode(), ";", "utf-8"),
        ("Xã\tThu\nA\t1\n".encode("utf-16"), "\t", "utf-16"),
        ("X\u00e3;Chi ph\u00ed\nA;1\n".encode("windows-1252"), ";", "windows-1258"),
    ],
)
def test_the_delimiter_and_the_encoding(
    tmp_path: Path, content: bytes, delimiter: str, encoding: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert delimited(path)[1:] == (delimiter, encoding)
