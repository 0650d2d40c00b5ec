"""Reports of the first night: figures as an independent query has them, each with its batch.

``ioc report`` as an officer runs it; what is in the files is read back and held against SQL.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import html

from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports.files import ReportManifest, read_manifest
from ioc_pipelines.serving.reports.periods import Period
from tests.e2e.province import Province
from tests.e2e.refresh.first_night import AS_OF, NAME, PHONE, First

pytestmark = pytest.mark.e2e

PROVINCE = "33@2025-07-01"
DAY = date.fromisoformat(AS_OF)
# the last month but one: every office has told of it
MONTH = Period("month", DAY.replace(day=1)).shifted(-2).code
COLUMNS = {
    "value": "value",
    "cumulative": "cumulative_value",
    "target": "target",
    "same_period": "same_period_value",
}


@dataclass(frozen=True)
class Issued:
    folder: Path
    manifest: ReportManifest

    @property
    def bytes(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}


def issue(province: Province, kind: str, period: str, *more: str) -> Issued:
    done = province.here("report", kind, "--period", period, *more, "--json")
    assert done.code == 0, done.err
    folder = Path(done.json()["folder"])
    return Issued(folder, read_manifest(folder))


@pytest.fixture(scope="module")
def monthly(first: First) -> Issued:
    return issue(first.province, "monthly", MONTH)


def test_a_report_is_four_files_and_again_the_same(first: First, monthly: Issued) -> None:
    name = f"monthly-{MONTH}"
    files = {f"{name}.{ending}" for ending in ("docx", "pdf", "xlsx", "html")}
    assert set(monthly.bytes) == {*files, "manifest.json"}
    before = monthly.bytes
    again = issue(first.province, "monthly", MONTH)
    assert again.folder == monthly.folder
    assert again.bytes == before


def test_without_what_is_there_it_comes_out_byte_for_byte_the_same(
    first: First, monthly: Issued, tmp_path: Path
) -> None:
    before = monthly.bytes
    monthly.folder.rename(tmp_path / "aside")
    again = issue(first.province, "monthly", MONTH)
    assert again.bytes == before


def test_every_figure_is_that_of_an_independent_query(first: First, monthly: Issued) -> None:
    rows = first.province.query(
        "select indicator_code, period_type, period_start, unit_id, value, cumulative_value,"
        " target, same_period_value from marts.indicator_value"
    )
    names = ("value", "cumulative_value", "target", "same_period_value")
    known = {row[:4]: dict(zip(names, row[4:], strict=True)) for row in rows}
    rebased = {
        row[:3]: row[3]
        for row in first.province.query(
            "select indicator_code, period_type, period_start, value"
            f" from marts.indicator_value_rebased where unit_id = '{PROVINCE}'"
            " and rebasing = 'exact'"
        )
    }
    checked = dict.fromkeys((*COLUMNS, "change"), 0)
    units = dict(first.province.query("select indicator_code, unit from marts.indicator"))
    for figure in monthly.manifest.figures:
        if figure.indicator_code is None:
            continue
        start = date.fromisoformat(figure.period_start or "")
        key = (figure.indicator_code, figure.period_type, start, figure.unit_id)
        row = known.get(key, {})
        before = row.get("same_period_value")
        if before is None:
            before = rebased.get((*key[:2], start.replace(year=start.year - 1)))
        if figure.measure == "change":
            value = row["value"]
            is_rate = units[figure.indicator_code] in ("%", "điểm")
            expected = value - before if is_rate else 100 * (value - before) / before
        elif figure.measure == "same_period":
            expected = before
        else:
            expected = row.get(COLUMNS[figure.measure], rebased.get(key[:3]))
        assert figure.value == pytest.approx(expected, rel=1e-12), figure
        checked[figure.measure] += 1
    assert checked["value"] > 200
    assert checked["cumulative"] > 10
    assert checked["change"] > 15


def test_every_figure_leads_to_the_batches_that_its_lineage_names(
    first: First, monthly: Issued
) -> None:
    lineage: dict[tuple[Any, ...], set[tuple[str, str]]] = {}
    for *key, feed, batch in first.province.query(
        "select indicator_code, period_type, period_start, unit_id, feed, batch_id"
        " from marts.indicator_lineage"
    ):
        lineage.setdefault(tuple(key), set()).add((feed, batch))
    names = dict(first.province.query("select feed, agency_name_vi from quality.coverage"))
    told = 0
    for figure in monthly.manifest.figures:
        if figure.indicator_code is None or figure.measure == "target":
            continue
        assert figure.batch_ids, figure
        assert set(figure.agencies) == {names[feed] for feed in figure.feeds}
        start = date.fromisoformat(figure.period_start or "")
        key = (figure.indicator_code, figure.period_type, start, figure.unit_id)
        if figure.measure == "value" and key in lineage:
            assert {batch for _, batch in lineage[key]} == set(figure.batch_ids)
            assert {feed for feed, _ in lineage[key]} == set(figure.feeds)
            told += 1
    assert told > 200


def test_what_is_read_is_what_is_in_the_annex(monthly: Issued) -> None:
    page = html.fromstring(monthly.bytes[f"monthly-{MONTH}.html"].decode())
    figures = {f"#f{figure.number}": figure for figure in monthly.manifest.figures}
    links = [link for link in page.iter("a") if link.get("class") == "f"]
    assert len(links) > 80
    for link in links:
        figure = figures[link.get("href")]
        row = page.get_element_by_id(f"f{figure.number}").text_content()
        assert figure.title in row
        assert all(batch in row for batch in figure.batch_ids)
    # a number with its place in the text: from the value alone
    text = page.text_content()
    revenue = next(
        f
        for f in monthly.manifest.figures
        if (f.indicator_code, f.measure, f.unit_id) == ("BUDGET_REVENUE_MONTH", "value", PROVINCE)
        and f.period_start == f"{MONTH}-01"
    )
    said = f"{revenue.value / 1e9:,.1f}".translate(str.maketrans(",.", ".,")).removesuffix(",0")
    assert f"đạt {said} tỷ đồng" in text


def test_no_code_of_ours_stands_in_what_leaders_read(monthly: Issued) -> None:
    page = html.fromstring(monthly.bytes[f"monthly-{MONTH}.html"].decode())
    for style in page.xpath("//style"):
        style.drop_tree()
    (body,) = page.xpath("//main")
    text = " ".join(body.itertext())
    assert not re.findall(r"\b[a-z]+_[a-z_]+\b|\b[A-Z]+_[A-Z_]+\b|\bNone\b|\bnan\b", text)
    assert not re.findall(r"\d\.\d{1,2}(?!\d)", text.replace("PM2.5", ""))


def test_the_workbook_sorts_communes_as_vietnamese_and_holds_no_formula(first: First) -> None:
    issued = issue(first.province, "sector.public_services", MONTH)
    content = issued.bytes[f"sector.public_services-{MONTH}.xlsx"]
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    (sheet,) = [s for s in book if s["A1"].value and "theo xã, phường" in s["A1"].value]
    names = [row[1].value for row in sheet.iter_rows(min_row=3) if isinstance(row[0].value, int)]
    assert len(names) == 104
    bare = [name.removeprefix("Xã ").removeprefix("Phường ") for name in names]
    assert bare == sorted(bare, key=vietnamese.order)
    assert bare != sorted(bare)
    numbers = [row[2].value for row in sheet.iter_rows(min_row=3, max_row=106)]
    assert all(isinstance(number, int | float) for number in numbers if number != "–")


def test_the_report_of_the_ioc_ties_to_its_logs(first: First) -> None:
    issued = issue(first.province, "operations", f"{DAY:%Y-%m}")
    (row,) = first.province.query(
        "select count(*), (select sum(rows_received) from quality.batch),"
        " (select sum(rows_accepted) from quality.batch) from quality.delivery"
    )
    told = {(f.title, f.unit_name): f.value for f in issued.manifest.figures}
    places = ("Lượt giao nhận", "Dòng dữ liệu", "Dòng chấp nhận")
    assert [told[(title, "Toàn tỉnh")] for title in places] == list(row)
    scores = dict(
        first.province.query("select agency_name_vi, overall_score from quality.agency_scorecard")
    )
    assert told[("Điểm chung", "Sở Y tế")] == pytest.approx(scores["Sở Y tế"])


def test_no_person_is_in_a_report(first: First) -> None:
    for kind in ("monthly", "evaluation", "sector.population"):
        period = MONTH if kind != "evaluation" else f"{DAY.year}"
        for name, content in issue(first.province, kind, period).bytes.items():
            text = said(name, content)
            assert text
            assert NAME not in text
            assert PHONE not in text


def said(name: str, content: bytes) -> str:
    """All that a file says; a PDF says what the HTML of the same document does."""
    if name.endswith((".docx", ".xlsx")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [archive.read(part) for part in archive.namelist() if part.endswith(".xml")]
        return b"".join(parts).decode()
    return content.decode(errors="replace")


def test_its_snapshot_is_kept_as_long_as_the_report_is(first: First, monthly: Issued) -> None:
    pin = f"{monthly.manifest.snapshot_id}.report.monthly.{MONTH}"
    assert (first.province.home / "snapshots" / ".pins" / pin).exists()


def test_it_is_written_down_once(first: First, monthly: Issued) -> None:
    rows = first.province.here("report", "list", "--kind", "monthly", "--json").json()
    mine = [row for row in rows if row["report_id"] == monthly.manifest.report_id]
    assert [(r["period"], r["started_by"], r["figures"]) for r in mine] == [
        (MONTH, "hand", len(monthly.manifest.figures))
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("sector.finance", "--period", "2021-05"), 1, "no figure for BUDGET_REVENUE_MONTH"),
        (("weekly", "--period", MONTH), 2, "no report 'weekly'; there are: evaluation"),
        (("monthly", "--period", "10/2025"), 2, "is no period"),
        (("yearly", "--period", MONTH), 2, "is not made of a month, but of: year"),
        (("monthly", "--period", "2099-01"), 2, "had not begun"),
        (("monthly", "--period", MONTH, "--as-of", "2020-01-01"), 2, "no snapshot that was built"),
        (("monthly", "--period", MONTH, "--as-of", "gestern"), 2, "is no day or moment"),
    ],
)
def test_what_cannot_be_reported_is_said(
    first: First, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = first.province.here("report", *arguments)
    assert done.code == code, done.err
    assert said in done.err
    # what was not issued keeps no snapshot
    left = {path.name for path in (first.province.home / "snapshots" / ".pins").iterdir()}
    assert not [name for name in left if name.endswith(("2021-05", "2099-01"))]
