"""What people take along: whole, in part, not twice; numbers are numbers, text is no formula."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from starlette.testclient import TestClient

from ioc_pipelines.serving.portal import exports
from tests.serving.portal.small import CATALOG, HOSTILE, client

TABLE = "/download/staging/finance__budget_revenue"


def rows_of(book: bytes) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(book)).worksheets[0].iter_rows(values_only=True))


def test_the_published_file_is_the_one_of_the_manifest(reader: TestClient) -> None:
    answer = reader.get("/download/ioc.duckdb")
    page = reader.get("/catalogue").text
    assert hashlib.sha256(answer.content).hexdigest() in page
    assert 'filename="hung_yen-ioc-' in answer.headers["content-disposition"]
    assert answer.headers["content-disposition"].endswith('.duckdb"')


def test_a_download_that_was_broken_off_goes_on(reader: TestClient) -> None:
    whole = reader.get("/download/ioc.duckdb")
    etag = whole.headers["etag"]
    rest = {"range": "bytes=1000-", "if-range": etag}
    part = reader.get("/download/ioc.duckdb", headers=rest)
    assert part.status_code == 206
    assert part.content == whole.content[1000:]
    # of another snapshot it begins anew
    other = reader.get("/download/ioc.duckdb", headers=rest | {"if-range": '"other"'})
    assert (other.status_code, other.content) == (200, whole.content)
    beyond = reader.get("/download/ioc.duckdb", headers={"range": "bytes=999999999-"})
    assert beyond.status_code == 416


def test_what_a_reader_has_is_not_sent_again(reader: TestClient) -> None:
    path = "/download/marts/indicator_value.parquet"
    etag = reader.get(path).headers["etag"]
    again = reader.get(path, headers={"if-none-match": f'"x", W/{etag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag


def test_a_mart_is_the_same_in_every_format(reader: TestClient) -> None:
    path = "/download/marts/indicator_value"
    parquet = pl.read_parquet(io.BytesIO(reader.get(f"{path}.parquet").content))
    told = csv.DictReader(io.StringIO(reader.get(f"{path}.csv").content.decode("utf-8-sig")))
    book = rows_of(reader.get(f"{path}.xlsx").content)
    values = sorted(parquet["value"].to_list())
    assert len(values) == 5
    assert sorted(float(row["value"]) for row in told) == values
    assert sorted(row[book[0].index("Giá trị theo đơn vị tính của chỉ tiêu")] for row in book[1:])


def test_text_that_would_be_run_is_inert_in_csv(reader: TestClient) -> None:
    content = reader.get(f"{TABLE}.csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    notes = {row["commune_name"]: row["note"] for row in rows}
    assert notes == {"Đông": "'=1+1", "Bắc": "-5", "Ân": "'@SUM(A1)", "An": "00123"}
    assert {row["commune_name"]: row["collected_vnd"] for row in rows} == {
        "Đông": "3.5",
        "Bắc": "-1.0",
        "Ân": "",
        "An": "2.0",
    }


def test_vietnamese_is_sorted_as_vietnamese(reader: TestClient) -> None:
    text = reader.get(f"{TABLE}.csv").content.decode("utf-8-sig")
    names = [row["commune_name"] for row in csv.DictReader(io.StringIO(text))]
    assert names == ["An", "Ân", "Bắc", "Đông"]


def test_a_workbook_holds_text_numbers_and_days_and_no_formula(reader: TestClient) -> None:
    content = reader.get(f"{TABLE}.xlsx").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    cells = {row[0].value: row[1:] for row in sheet.iter_rows(min_row=2)}
    amount, day, note = cells["Đông"]
    assert (amount.data_type, amount.value) == ("n", 3.5)
    assert (day.value, day.is_date) == (datetime(2026, 10, 1), True)  # noqa: DTZ001
    assert (note.data_type, note.value) == ("s", "=1+1")
    assert cells["An"][2].value == "00123"
    assert cells["Ân"][0].value is None
    whole = openpyxl.load_workbook(io.BytesIO(content))
    assert all(cell.data_type != "f" for s in whole for row in s.iter_rows() for cell in row)


def test_a_hostile_name_is_inert_in_both(reader: TestClient) -> None:
    text = reader.get("/download/marts/indicator.csv").content.decode("utf-8-sig")
    names = {row["indicator_code"]: row["name_vi"] for row in csv.DictReader(io.StringIO(text))}
    assert names["HOSTILE"] == f"'{HOSTILE}"
    assert "%,higher_is_better" in text
    sheet = openpyxl.load_workbook(
        io.BytesIO(reader.get("/download/marts/indicator.xlsx").content)
    ).worksheets[0]
    (cell,) = [c for row in sheet.iter_rows() for c in row if c.value == HOSTILE]
    assert cell.data_type == "s"


def test_headings_of_a_workbook_are_vietnamese_and_told_on_a_second_sheet(
    reader: TestClient,
) -> None:
    content = reader.get("/download/indicators/ON_TIME.xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.worksheets[0]["A1"].value == "Mã chỉ tiêu"
    assert book.worksheets[0].max_row == 5
    assert ("Mã chỉ tiêu", "indicator_code") in {
        row[:2] for row in book.worksheets[1].iter_rows(values_only=True)
    }


def test_a_table_too_large_for_a_workbook_says_what_to_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "XLSX_MOST_ROWS", 3)
    with client(tmp_path) as reader:
        answer = reader.get("/download/marts/indicator_value.xlsx")
        assert answer.status_code == 422
        assert "Hãy tải CSV hoặc Parquet" in answer.text
        assert reader.get("/download/marts/indicator_value.csv").status_code == 200


def test_rows_shared_by_request_only_are_not_handed_out(tmp_path: Path) -> None:
    entries = tuple(
        replace(entry, feed=entry.feed.model_copy(update={"sharing": "special"}))
        for entry in CATALOG.entries
    )
    with client(tmp_path, catalog=replace(CATALOG, entries=entries)) as reader:
        assert reader.get(f"{TABLE}.csv").status_code == 404
        assert reader.get("/download/ioc.duckdb").status_code == 404
        assert reader.get("/download/marts/indicator_value.csv").status_code == 200
        assert "theo đề nghị" in reader.get("/catalogue/staging/finance__budget_revenue").text
