"""The evidence of a refused row: landed bytes, parsed cell, value judged, and whose fault it is."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from contracts.base import Contract, column
from ioc_pipelines.connectors.fetched import SourceFile
from ioc_pipelines.intake import read_batch
from ioc_pipelines.intake.layout import delimited
from ioc_pipelines.orchestration.delivery import deliver_correction, reprocess
from ioc_pipelines.orchestration.evidence import row_evidence
from ioc_pipelines.orchestration.feedback import feedback_of
from ioc_pipelines.serving.evidence import CellEvidence, RowEvidence
from ioc_pipelines.serving.refusals import with_cases
from tests.intake.child.reading import read_here
from tests.orchestration.deployments import (
    COLUMNS,
    DAY,
    HEADERS,
    NAME,
    NIGHT,
    Bench,
    Upserted,
    csv_feed,
    entry,
    good,
    info,
    sql_feed,
    with_feed,
    write_csv,
    write_database,
    write_xlsx,
    xlsx_feed,
)
from tests.orchestration.test_corrections import known as correction
from tests.orchestration.test_dry_run import Tightened
from tests.orchestration.test_returned import corrected

FILE = "so_a/1.csv"
BAD = ("K004", NAME, "-5", "15/11/2026")
MASKED = "•••"


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    monkeypatch.setenv("TEST_URL", f"sqlite:///{tmp_path / 'claims.db'}")


def refused(bench: Bench, rows: Sequence[tuple[Any, ...]], write: Any = write_csv) -> str:
    """Deliver these rows in the feed's file; the batch."""
    pattern = bench.entry.feed.connector.pattern  # type: ignore[union-attr]
    write(bench.drop / pattern.replace("*", "1"), rows)
    report = bench.deliver()
    assert report.batch is not None
    assert report.batch.rows_quarantined
    return report.batch.batch_id


def shown(bench: Bench, batch: str, *, personal: bool = False) -> list[RowEvidence]:
    deployment = bench.deployment
    cases = deployment.cases(datetime.now(UTC), bench.entry.id)
    refused = deployment.rows.quarantine.refusals(bench.entry.feed.dataset, [batch])
    refusals = with_cases(refused, cases)
    return row_evidence(deployment, bench.entry, batch, refusals, personal=personal)


def cell(row: RowEvidence, name: str | None = None) -> CellEvidence:
    (found,) = [known for known in row.cells if name in (None, known.column)]
    return found


# -- the source's fault ---------------------------------------------------------------------------


def test_a_row_is_followed_from_the_landed_bytes_to_the_value_that_was_judged(
    tmp_path: Path,
) -> None:
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.5))
    batch = refused(bench, [*good(3), BAD])
    (row,) = shown(bench, batch)
    content = (bench.drop / FILE).read_bytes()
    assert row.landed is not None
    assert (row.landed.file, row.landed.size_bytes) == (FILE, len(content))
    assert row.landed.sha256 == hashlib.sha256(content).hexdigest()
    assert row.landed.delivery_id == bench.table("delivery")[0]["delivery_id"]
    assert (row.file, row.sheet, row.row) == (FILE, None, 5)
    assert (row.rule, row.column, row.status) == ("correct.min", "amount", "open")
    assert cell(row).model_dump() == {
        "column": "amount",
        "source": "Số tiền",
        "cell": "C5",
        "is_masked": False,
        "bytes": "2d 35",
        "encoding": "utf-8",
        "stored": "-5",
        "parsed": "-5",
        "number": None,
        "parsed_then": "-5",
        "conformed": "-5",
    }
    assert (row.reading, row.changed, row.fault) == ("same", [], "source")
    assert "the landed bytes say what was refused" in row.fault_reason


def test_a_spreadsheet_cell_has_its_address_and_its_number(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, xlsx_feed(acceptance_floor=0.5))
    rows = [*good(3), ("K004", "Người", 2.5, "15/11/2026"), ("K005", "Người", "đủ", "15/11/2026")]
    batch = refused(bench, rows, write_xlsx)
    half, word = shown(bench, batch)
    assert (half.sheet, half.row, half.rule) == ("Biểu", 6, "correct.readable")
    assert (cell(half).cell, cell(half).number, cell(half).parsed) == ("C6", 2.5, "2.5")
    assert (cell(word).cell, cell(word).number, cell(word).parsed) == ("C7", None, "đủ")
    # what cannot be read has no value to be judged
    assert cell(half).conformed is None
    assert cell(word).conformed is None


class Named(Contract):
    """Provinces by their names, for a text in a font of the nineties."""

    __contract__ = info("named")

    code: str = column(vi="Mã", en="Code")
    province: str = column(vi="Tỉnh", en="Province", isin=["Hưng Yên"])


# "Hải Dương" in TCVN3 (TCVN 5712:1993), as windows-1252 reads its bytes
TCVN3 = b"H\xb6i D\xad\xacng"


def _named(**facts: Any) -> Any:
    columns = {"code": {"source": "STT"}, "province": {"source": "Noi"}}
    return entry(Named, "so_a", columns=columns, acceptance_floor=0.1, **facts)


def test_a_font_of_the_nineties_shows_its_bytes_beside_the_decoded_cell(tmp_path: Path) -> None:
    of_files = {"kind": "files", "root_env": "TEST_DROP", "quiet_s": 0}
    text = {"format": "csv", "delimiter": ";", "encoding": "windows-1252"}
    book = {"format": "xlsx", "sheet": "^Biểu$"}
    texts = Bench.of(tmp_path, _named(connector={**of_files, "pattern": "*.csv"}, layout=text))
    (texts.drop / "1.csv").write_bytes(b"STT;Noi\n1;H\xadng Y\xaan\n2;" + TCVN3 + b"\n")
    books = Bench.of(tmp_path, _named(connector={**of_files, "pattern": "*.xlsx"}, layout=book))
    rows = [("1", "Hưng Yên"), ("2", TCVN3.decode("windows-1252"))]
    write_xlsx(books.drop / "1.xlsx", rows, ("STT", "Noi"))
    found = []
    for bench in (texts, books):
        report = bench.deliver()
        assert report.batch is not None
        (row,) = shown(bench, report.batch.batch_id)
        assert (row.rule, row.reading, row.fault) == ("correct.enum", "same", "source")
        found.append(cell(row))
    western = TCVN3.decode("windows-1252")
    for known in found:
        assert (known.parsed, known.conformed, known.stored) == ("Hải Dương", "Hải Dương", western)
    of_text, of_book = found
    assert of_text.encoding == "windows-1252"
    assert bytes.fromhex(str(of_text.bytes)) == TCVN3
    assert bytes.fromhex(str(of_book.bytes)) == western.encode()


def test_a_row_of_a_database_is_known_by_file_and_number(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, sql_feed(acceptance_floor=0.1))
    rows = [(f"K00{n}", NAME, amount, "2026-11-15", "x") for n, amount in ((1, 5), (2, -7))]
    write_database(tmp_path / "claims.db", rows)
    report = bench.deliver()
    assert report.batch is not None
    (row,) = shown(bench, report.batch.batch_id)
    assert (row.file, row.sheet, row.row) == ("claims.parquet", None, 2)
    found = cell(row)
    assert (found.cell, found.source, found.number) == (None, "amount", -7)
    assert (found.stored, found.parsed, found.conformed) == ("-7", "-7", "-7")
    # the source has it no more: the landing is the evidence
    with closing(sqlite3.connect(tmp_path / "claims.db")) as database, database:
        database.execute("delete from claims")
    assert shown(bench, report.batch.batch_id) == [row]


def test_each_value_of_a_wide_row_is_its_own(tmp_path: Path) -> None:
    """One row of the sheet is several of the batch."""
    columns = {
        "code": {"source": "K{n}"},
        "name": {"source": "Họ tên"},
        "amount": {"source": r"/^Tháng (?P<n>\d{3})$/"},
        "paid_on": {"source": "Ngày", "date": "%d/%m/%Y"},
    }
    bench = Bench.of(tmp_path, csv_feed(columns=columns, acceptance_floor=0.1))
    heads = ("Họ tên", "Tháng 001", "Tháng 002", "Tháng 003", "Ngày")
    write_csv(bench.drop / FILE, [(NAME, "5", "-6", "-7", "15/11/2026")], heads)
    report = bench.deliver()
    assert report.batch is not None
    rows = shown(bench, report.batch.batch_id)
    found = [(row.row, cell(row).cell, cell(row).parsed, cell(row).stored) for row in rows]
    assert found == [(2, "C2", "-6", "-6"), (2, "D2", "-7", "-7")]
    assert {row.reading for row in rows} == {"same"}


# -- what a rule is about -------------------------------------------------------------------------


def test_a_rule_of_the_key_shows_the_key_and_rows_held_back_have_nothing_wrong(
    tmp_path: Path,
) -> None:
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.9))
    batch = refused(bench, [*good(2), ("K002", "Khác", "9", "15/11/2026")])
    rows = {(row.row, row.rule): row for row in shown(bench, batch)}
    assert set(rows) == {
        (2, "complete.acceptance_floor"),
        (3, "clean.key_unique"),
        (4, "clean.key_unique"),
    }
    for row in rows.values():
        assert [known.column for known in row.cells] == ["code"]
    # two rows of one key: each with the cell of its own place
    assert [rows[at, "clean.key_unique"].cells[0].parsed for at in (3, 4)] == ["K002", "K002"]
    held = rows[2, "complete.acceptance_floor"]
    assert "nothing is wrong with the row itself" in held.fault_reason


def test_a_known_error_says_which_correction_made_the_value(tmp_path: Path) -> None:
    wrong = correction("K001", action="override", expected=1000, value=-1)
    bench = Bench.of(tmp_path, replace(csv_feed(acceptance_floor=0.1), corrections=(wrong,)))
    batch = refused(bench, good(3))
    (row,) = shown(bench, batch)
    assert row.corrected_by == wrong.id
    assert (cell(row).parsed, cell(row).conformed) == ("1000", "-1")


# -- personal columns -----------------------------------------------------------------------------


class Sworn(Upserted):
    """A personal column with a rule of its own, and a rule about several columns."""

    __contract__ = info("sworn")

    name: str = column(vi="Họ tên", en="Name", personal=True, str_startswith="Người")


def test_a_personal_column_is_masked_unless_it_is_asked_for(tmp_path: Path) -> None:
    known = csv_feed()
    facts = known.feed.model_dump(include={"connector", "layout", "columns"})
    bench = Bench.of(tmp_path, entry(Sworn, "so_a", acceptance_floor=0.1, **facts))
    batch = refused(bench, [*good(3), ("K004", NAME, "-5", "15/11/2026")])
    masked = {row.column: row for row in shown(bench, batch)}
    found = cell(masked["name"])
    assert found.is_masked
    assert [found.stored, found.bytes, found.parsed, found.parsed_then, found.conformed] == [
        MASKED
    ] * 5
    assert found.cell == "B5"
    assert (cell(masked["amount"]).is_masked, cell(masked["amount"]).parsed) == (False, "-5")
    said = "".join(row.model_dump_json() for row in masked.values())
    assert NAME not in said
    assert NAME.encode().hex(" ") not in said
    # that it reads as it did is said all the same
    assert masked["name"].reading == "same"
    unmasked = {row.column: row for row in shown(bench, batch, personal=True)}
    assert (cell(unmasked["name"]).parsed, cell(unmasked["name"]).is_masked) == (NAME, False)


def test_a_column_that_shares_its_source_with_a_personal_one_is_masked(tmp_path: Path) -> None:
    shared = {**COLUMNS, "code": {"source": "Họ tên"}}
    bench = Bench.of(tmp_path, csv_feed(columns=shared, acceptance_floor=0))
    batch = refused(bench, [BAD])
    rows = {row.column: cell(row) for row in shown(bench, batch) if row.column}
    assert rows["code"].is_masked
    assert rows["code"].parsed == MASKED
    assert not rows["amount"].is_masked


# -- the pipeline's fault -------------------------------------------------------------------------


def test_a_row_that_the_same_bytes_once_gave_is_our_fault_and_says_where(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.1))
    write_csv(bench.drop / FILE, good(5))
    before = bench.deliver()
    assert before.batch is not None
    tightened = bench.again(replace(bench.entry, contract=Tightened))
    (report,) = reprocess(tightened.deployment, tightened.entry, "again")
    assert report.batch is not None
    (row,) = shown(tightened, report.batch.batch_id)
    assert (row.rule, cell(row).conformed) == ("correct.max", "5000")
    assert (row.reading, row.changed, row.fault) == ("same", [], "pipeline")
    assert before.batch.batch_id in row.fault_reason
    # the landing is the one that was judged again
    assert row.landed is not None
    assert row.landed.delivery_id == bench.table("delivery")[0]["delivery_id"]


# -- what was read then and what is read now ------------------------------------------------------


def test_what_is_read_otherwise_since_is_said_with_what_changed(tmp_path: Path) -> None:
    heads = (*HEADERS, "Số tiền khác")
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.1))
    write_csv(bench.drop / FILE, [(*BAD, "-9")], heads)
    report = bench.deliver()
    assert report.batch is not None
    batch = report.batch.batch_id
    moved = {**COLUMNS, "amount": {"source": "Số tiền", "nulls": ["-"]}}
    same = bench.again(with_feed(bench.entry, columns=moved))
    (row,) = shown(same, batch)
    (changed,) = row.changed
    assert row.reading == "same"
    assert changed.startswith("layout ")
    assert ", now " in changed
    newer = bench.again(replace(bench.entry, contract=Tightened))
    (row,) = shown(newer, batch)
    assert row.changed == ["contract 1.0.0, now 2.0.0"]
    beginning = {"format": "csv", "delimiter": ";", "start_after": "không có"}
    gone = bench.again(with_feed(bench.entry, layout=beginning))
    (row,) = shown(gone, batch)
    assert row.reading == "refused"
    assert "refused by today's layout" in row.reading_note
    assert cell(row).parsed_then == "-5"
    assert cell(row).parsed is None
    skipping = {"format": "csv", "delimiter": ";", "skip_rows": "K004"}
    (row,) = shown(bench.again(with_feed(bench.entry, layout=skipping)), batch)
    assert (row.reading, cell(row).conformed) == ("gone", "-5")


def test_a_reading_that_differs_under_the_same_layout_speaks_against_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.1))
    batch = refused(bench, [*good(3), BAD])
    real = delimited.decoded
    monkeypatch.setattr(read_batch, "read_files", read_here)
    monkeypatch.setattr(
        delimited, "decoded", lambda frame: real(frame).with_columns(pl.all().replace("-5", "-6"))
    )
    (row,) = shown(bench, batch)
    assert (row.reading, row.changed) == ("differs", [])
    assert "contract and layout are those of then" in row.reading_note
    found = cell(row)
    assert (found.stored, found.parsed, found.parsed_then) == ("-5", "-6", "-5")


def test_a_landing_that_is_not_what_was_received_proves_nothing(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.1))
    batch = refused(bench, [*good(3), BAD])
    (row,) = shown(bench, batch)
    assert row.landed is not None
    blob = bench.deployment.home.landing / bench.entry.id / "blobs" / row.landed.sha256
    blob.chmod(0o600)
    blob.write_bytes(b"other")
    (row,) = shown(bench, batch)
    assert (row.reading, row.landed is not None) == ("landing_changed", True)
    assert (cell(row).parsed, cell(row).stored) == (None, None)
    assert (cell(row).parsed_then, cell(row).conformed) == ("-5", "-5")
    for manifest in (blob.parents[1] / "deliveries").iterdir():
        manifest.unlink()
    (row,) = shown(bench, batch)
    assert (row.reading, row.landed) == ("not_landed", None)


def test_a_corrected_pack_that_is_refused_again_is_read_from_the_pack(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.1))
    batch = refused(bench, [*good(3), BAD])
    pack = feedback_of(bench.deployment, bench.entry, batch, NIGHT, masked=True)
    (tmp_path / "pack.xlsx").write_bytes(pack.pack)
    path = corrected(tmp_path / "pack.xlsx", tmp_path / "again.xlsx", K004={"Số tiền": "-8"})
    file = SourceFile("can-sua.xlsx", path)
    report = deliver_correction(bench.deployment, bench.entry, "run", file, NIGHT + DAY)
    assert report.batch is not None
    (row,) = shown(bench, report.batch.batch_id)
    assert (row.file, row.sheet, row.row) == ("can-sua.xlsx", "Cần sửa", 4)
    assert (cell(row).parsed, cell(row).conformed, row.reading) == ("-8", "-8", "same")
    assert row.landed is not None
    assert row.landed.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
