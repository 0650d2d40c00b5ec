"""The evidence of refused rows: what lies in landing, what was made of it, what was judged (H80).

It shows values, so it is for the operator alone: nothing here is published or logged, and personal
columns are masked unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from pydantic import BaseModel

from contracts.base import KEY_UNIQUE, Contract
from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.intake.conform import ROW_ID, as_received, sources_of
from ioc_pipelines.intake.corrections import MARK
from ioc_pipelines.intake.layout.table import FILE, PLACE, ROW, SHEET
from ioc_pipelines.intake.pack_form import MASK
from ioc_pipelines.intake.read_batch import LETTER_SCHEMA, with_letters
from ioc_pipelines.intake.returned import personal_sources

Reading = Literal["same", "differs", "gone", "refused", "landing_changed", "not_landed"]
N, THEN, NOW = "n", "then_id", "now_id"
_PLACED = {"source_file": FILE, "sheet": SHEET, "row_number": ROW}
_VALUES = ("bytes", "stored", "parsed", "number", "parsed_then", "conformed")


class CellEvidence(BaseModel, frozen=True):
    """One cell of a refused row.

    ``stored`` is the text in the file before legacy letters are decoded and ``bytes`` its bytes in
    hexadecimal, in ``encoding``: null where the value stands in no cell of its row. ``parsed`` and
    ``number`` are the cell as read from the landing now, ``parsed_then`` as it was refused,
    ``conformed`` the value that was judged: null where it could not be read.
    """

    column: str
    source: str | None
    cell: str | None
    is_masked: bool
    bytes: str | None
    encoding: str | None
    stored: str | None
    parsed: str | None
    number: float | str | None
    parsed_then: str | None
    conformed: str | None


class LandedAs(BaseModel, frozen=True):
    """The landed file that a row came in: hash and size are those of the bytes received."""

    delivery_id: str
    landed_at: str
    file: str
    sha256: str
    size_bytes: int


class RowEvidence(BaseModel, frozen=True):
    """One broken rule of one refused row, and the cells that it is about.

    ``reading`` compares the whole row as the landing is read now with what was refused;
    ``changed`` says what of contract and layout is another since; ``corrected_by`` are the known
    errors that were corrected before it was judged.
    """

    file: str | None
    sheet: str | None
    row: int | None
    landed: LandedAs | None
    rule: str
    column: str | None
    message_vi: str
    status: str
    fault: str
    fault_reason: str
    reading: Reading
    reading_note: str
    changed: list[str]
    corrected_by: str | None
    cells: list[CellEvidence]


@dataclass(frozen=True)
class Refused:
    """Refused rows as they are in quarantine: what is asked for, text received, values judged."""

    shown: pl.DataFrame
    received: pl.DataFrame
    conformed: pl.DataFrame


@dataclass(frozen=True)
class ReadNow:
    """What the landing is read as now: ``rows`` with ``key_hash``, their text, their cells."""

    rows: pl.DataFrame
    received: pl.DataFrame
    cells: pl.DataFrame
    letters: pl.DataFrame

    @classmethod
    def nothing(cls) -> ReadNow:
        """What cannot be read at all."""
        ids = pl.DataFrame(schema={ROW_ID: pl.UInt32})
        place = {FILE: pl.String, SHEET: pl.String, ROW: pl.Int64, "key_hash": pl.String}
        rows = pl.DataFrame(schema={ROW_ID: pl.UInt32, **place})
        return cls(rows, ids, ids, pl.DataFrame(schema=LETTER_SCHEMA))


@dataclass(frozen=True)
class Told:
    """What is known of one refusal beside its cells."""

    landed: LandedAs | None
    reading: Reading
    note: str
    accepted_in: str | None
    corrected_by: str | None


def numbered(refusals: pl.DataFrame, feed: Feed, contract: type[Contract]) -> pl.DataFrame:
    """The refusals with ``n``, their place under its own names, and ``columns`` to be shown.

    A rule of one column shows that cell; one of the key, or none of the row's own, the key; one
    about several cells all that the feed maps.
    """
    mapped = [name for name in contract.columns() if name in feed.columns]
    key = [name for name in contract.info().key if name in feed.columns]
    of_key = (pl.col("rule") == KEY_UNIQUE) | pl.col("is_held_back")
    kind = pl.List(pl.String)
    columns = (
        pl.when(pl.col("column_name").is_not_null())
        .then(pl.concat_list("column_name"))
        .when(of_key.fill_null(value=False))
        .then(pl.lit(key, kind))
        .otherwise(pl.lit(mapped, kind))
    )
    return refusals.rename(_PLACED).with_row_index(N).with_columns(columns.alias("columns"))


def cells_of(refused: Refused, now: ReadNow, feed: Feed) -> pl.DataFrame:
    """The cells to be shown, in order: ``n, column, source, letter`` and what they hold.

    ``parsed, number, parsed_then, conformed``, with ``then_id`` and ``now_id``, the rows that they
    are of, null where there is none.
    """
    sources = {name: column.source for name, column in feed.columns.items()}
    known = pl.DataFrame(list(sources.items()), schema=["column", "source"], orient="row")
    asked = (
        refused.shown.select(N, pl.col("columns").alias("column"))
        .explode("column")
        .join(known, on="column", how="left", maintain_order="left")
        .join(_rows_of(refused.shown, refused.received, THEN), on=N, maintain_order="left")
        .join(_rows_of(refused.shown, now.rows, NOW), on=N, maintain_order="left")
    )
    judged = _texts(refused.conformed.drop(MARK, strict=False), "column", "conformed")
    return (
        asked.join(_letters(asked, now), on=[N, "column"], how="left", maintain_order="left")
        .join(_texts(now.received, "source", "parsed"), **_on(NOW, "source"))
        .join(_numbers(now.cells), **_on(NOW, "source"))
        .join(_texts(refused.received, "source", "parsed_then"), **_on(THEN, "source"))
        .join(judged, **_on(THEN, "column"))
    )


def readings(refused: Refused, now: ReadNow, feed: Feed) -> dict[int, Reading]:
    """Of each refusal whether its row reads now as it did then, in all sources that both have."""
    sources = [
        source
        for source in sources_of(feed.columns)
        if source in refused.received.columns and source in now.received.columns
    ]
    pairs = _rows_of(refused.shown, refused.received, THEN).join(
        _rows_of(refused.shown, now.rows, NOW), on=N
    )
    then, read = (frame.select(ROW_ID, *sources) for frame in (refused.received, now.received))
    both = pairs.join(then, left_on=THEN, right_on=ROW_ID).join(
        read, left_on=NOW, right_on=ROW_ID, suffix=" now"
    )
    equal = [pl.col(source).eq_missing(pl.col(f"{source} now")) for source in sources]
    same = both.select(N, pl.all_horizontal(pl.lit(value=True), *equal).alias("same"))
    found: dict[int, Reading] = dict.fromkeys(pairs[N].to_list(), "gone")
    return found | {n: "same" if is_same else "differs" for n, is_same in same.rows()}


def corrected_by(refused: Refused) -> dict[int, str]:
    """Of each refusal whose row was corrected by the register of known errors: by which ids."""
    if MARK not in refused.conformed.columns:
        return {}
    marks = refused.conformed.select(ROW_ID, MARK).drop_nulls(MARK)
    rows = _rows_of(refused.shown, refused.received, THEN)
    return dict(rows.join(marks, left_on=THEN, right_on=ROW_ID).select(N, MARK).rows())


def assembled(
    shown: pl.DataFrame,
    cells: pl.DataFrame,
    told: Sequence[Told],
    changed: list[str],
    masked: Collection[str],
) -> list[RowEvidence]:
    """The evidence of each refusal. ``cells``: of ``cells_of`` with ``stored, encoding, bytes``."""
    of_row: dict[int, list[CellEvidence]] = {}
    for cell in cells.join(shown.select(N, ROW), on=N, maintain_order="left").to_dicts():
        of_row.setdefault(cell[N], []).append(_cell(cell, is_masked=cell["column"] in masked))
    return [
        RowEvidence(
            file=row[FILE],
            sheet=row[SHEET],
            row=row[ROW],
            landed=facts.landed,
            rule=row["rule"],
            column=row["column_name"],
            message_vi=row["message_vi"],
            status=row["status"],
            fault="source" if facts.accepted_in is None else "pipeline",
            fault_reason=_reason(facts, is_held_back=bool(row["is_held_back"])),
            reading=facts.reading,
            reading_note=facts.note,
            changed=changed,
            corrected_by=facts.corrected_by,
            cells=of_row.get(row[N], []),
        )
        for row, facts in zip(shown.to_dicts(), told, strict=True)
    ]


def masked_columns(feed: Feed, contract: type[Contract], asked: Collection[str]) -> set[str]:
    """Of these columns those that are personal, share a source with one, or are not known."""
    personal, sources = set(contract.personal_columns()), personal_sources(feed, contract)
    return {
        name
        for name in asked
        if name in personal or name not in feed.columns or feed.columns[name].source in sources
    }


def _reason(facts: Told, *, is_held_back: bool) -> str:
    """Why a refused row is whose fault it is, in words."""
    if facts.accepted_in is not None:
        return (
            f"batch {facts.accepted_in}, judged from the same landed bytes, accepted the row: "
            "what we changed since refuses it"
        )
    if is_held_back:
        return "nothing is wrong with the row itself: its batch is held back"
    said = "no judgement of the same bytes accepted the row"
    return f"the landed bytes say what was refused; {said}" if facts.reading == "same" else said


def _cell(cell: Mapping[str, Any], *, is_masked: bool) -> CellEvidence:
    values = {name: cell[name] for name in _VALUES}
    if is_masked:
        values = {name: None if value is None else MASK for name, value in values.items()}
    return CellEvidence(
        column=cell["column"],
        source=cell["source"],
        cell=f"{cell['letter']}{cell[ROW]}" if cell["letter"] else None,
        is_masked=is_masked,
        encoding=cell["encoding"],
        **values,
    )


def _on(row: str, name: str) -> dict[str, Any]:
    return {
        "left_on": [row, name],
        "right_on": [ROW_ID, name],
        "how": "left",
        "maintain_order": "left",
    }


def _rows_of(shown: pl.DataFrame, rows: pl.DataFrame, as_: str) -> pl.DataFrame:
    """``n`` and which of these rows it is: by place and key, else the only one at the place."""
    known = rows.select(ROW_ID, *PLACE, "key_hash")
    by_key = known.unique([*PLACE, "key_hash"], keep="first", maintain_order=True)
    alone = known.filter(pl.struct(PLACE).is_unique()).select(*PLACE, pl.col(ROW_ID).alias("alone"))
    return (
        shown.select(N, *PLACE, "key_hash")
        .join(by_key, on=[*PLACE, "key_hash"], how="left", nulls_equal=True)
        .join(alone, on=list(PLACE), how="left", nulls_equal=True)
        .select(N, pl.coalesce(ROW_ID, "alone").alias(as_))
        .sort(N)
    )


def _letters(asked: pl.DataFrame, now: ReadNow) -> pl.DataFrame:
    """Where the cells stand in the landed file, as it is read now: ``n, column, letter``."""
    there = asked.filter(pl.col(NOW).is_not_null()).select(
        N, pl.col(NOW).alias(ROW_ID), pl.col("column").alias("column_name")
    )
    found = with_letters(there, now.letters)
    return found.select(N, pl.col("column_name").alias("column"), "letter")


def _texts(frame: pl.DataFrame, name: str, value: str) -> pl.DataFrame:
    """The cells as text, one row each: ``_row_id``, their column's name, the text."""
    besides = {ROW_ID, *PLACE, "key_hash", "_ticket"}
    texts = [as_received(frame[c]).alias(c) for c in frame.columns if c not in besides]
    return _long(frame, texts, name, value, pl.String())


def _numbers(cells: pl.DataFrame) -> pl.DataFrame:
    """The numbers of the cells that are numbers, one row each."""
    numbers = []
    for column, kind in cells.schema.items():
        if isinstance(kind, pl.Struct):
            numbers.append(cells[column].struct.field("number").alias(column))
        elif kind.is_numeric() and column != ROW_ID:
            numbers.append(cells[column].cast(pl.Float64))
    return _long(cells, numbers, "source", "number", pl.Float64())


def _long(
    frame: pl.DataFrame, columns: list[pl.Series], name: str, value: str, kind: pl.DataType
) -> pl.DataFrame:
    if not columns:
        return pl.DataFrame(schema={ROW_ID: pl.UInt32(), name: pl.String(), value: kind})
    wide = pl.DataFrame([frame[ROW_ID], *columns])
    return wide.unpivot(index=ROW_ID, variable_name=name, value_name=value)
