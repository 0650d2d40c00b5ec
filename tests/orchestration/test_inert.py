"""Whatever an agency writes, nothing that we hand on can run: packs, pages, receipts."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ioc_pipelines.orchestration.feedback import feedback_of
from ioc_pipelines.serving.receipt import Received, receipt
from tests.orchestration.deployments import HEADERS, NIGHT, Bench, Row, good, xlsx_feed

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠", " =")
TAILS = (
    "cmd|'/c calc'!A1",
    'HYPERLINK("http://x","y")',
    "1+1",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "{{ 7*7 }}",
    "http://x.vn",
)
hostile = st.builds(str.__add__, st.sampled_from(BEGINNINGS), st.sampled_from(TAILS))
names = st.sampled_from(["<img src=x onerror=alert(1)>", "=1+1", "@SUM(A1)", "-2+3 & {{7*7}}"])


class _Tags(HTMLParser):
    """The elements of a page and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    return tmp_path / "drop"


def test_nothing_that_is_handed_on_can_run(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, xlsx_feed(acceptance_floor=0.1))

    @settings(max_examples=6, phases=[Phase.generate])
    @given(hostile, hostile, names)
    def check(code: str, person: str, name: str) -> None:
        for path in (drop / "so_b").glob("*"):
            path.unlink()
        rows = [*good(3), (code, person, 1234.5, "15/11/2026"), ("X", person, -7, code)]
        _written(drop / "so_b" / f"{name}.xlsx", [HEADERS, *rows])
        report = bench.deliver()
        assert report.batch is not None, report.detail
        batch = report.batch.batch_id
        made = feedback_of(bench.deployment, bench.entry, batch, NIGHT, masked=False)
        _is_inert_workbook(made.pack, {person.strip(), code.strip()})
        _is_inert_page(made.page.decode(), name)
        refusals = bench.deployment.rows.quarantine.refusals(bench.entry.feed.dataset, [batch])
        _is_plain(refusals, name)

    check()


def _written(path: Path, rows: Sequence[Row]) -> None:
    """A workbook whose texts stay texts: they reach us as an agency typed them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    as_typed = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, as_typed) as book:
        sheet = book.add_worksheet("Biểu")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)


def _is_inert_workbook(content: bytes, texts: set[str]) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for part in package.namelist():
            xml = package.read(part).decode()
            assert not re.search(r"<f[ >/]|<hyperlink|<ddeLink|externalLink", xml), part
            assert "vbaProject" not in part
    numbers, shown = set(), {}
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                if cell.data_type == "n" and cell.value is not None:
                    numbers.add(cell.value)
                elif isinstance(cell.value, str):
                    shown[cell.value.strip()] = cell
    assert {1234.5, -7} <= numbers, "numbers stay numbers"
    for text in texts & set(shown):
        if not text.startswith(tuple("=+-@＝＋－＠")):
            continue
        assert shown[text].quotePrefix, "no formula either when it is edited or saved as CSV"
    assert texts & set(shown)


def _is_inert_page(page: str, name: str) -> None:
    found = _Tags(page)
    assert not found.tags & {"script", "img", "iframe", "object", "embed", "form", "link"}
    assert not {attribute for attribute in found.attributes if attribute.startswith("on")}
    assert "49" not in re.findall(r">[^<]*7\*7[^<]*<", page)
    assert "onerror=alert(1)>" not in page
    assert name not in page or "<" not in name


def _is_plain(refusals: pl.DataFrame, name: str) -> None:
    told = Received("Nguồn thử", "Cơ quan thử", NIGHT, "partly_accepted", (5, 3, 2, 0), {})
    held = refusals.with_columns(pl.lit(value=False).alias("is_held_back"))
    text = receipt(told, held).decode("utf-8-sig")
    lines = [line for line in text.split("\r\n") if line]
    assert not [line for line in lines if line.lstrip().startswith(("=", "+", "@"))]
    assert not re.search("[\t\x00-\x08\x0e-\x1f]", text)
    assert name in text
