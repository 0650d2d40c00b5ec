"""The cells of a sample, read as the feed that is proposed would read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.catalog.layouts import Layout
from ioc_pipelines.intake.conform import conform
from ioc_pipelines.intake.errors import FileRefusedError
from ioc_pipelines.intake.layout.read import read_tables
from ioc_pipelines.intake.layout.table import PLACE, Wanted
from ioc_pipelines.intake.names import Spellings
from ioc_pipelines.scaffold import words
from ioc_pipelines.scaffold.model import KINDS, Field, Kind, Role, Sample, ScaffoldError

_NO_VALUE = ("-", "–", "..", "...", "…", "n/a", "N/A", "NA", "null", "NULL")
_NUMBER = r"^[+-]?\d[\d.,]*$"
_PROOFS = {
    "vi": r"^[+-]?(\d{1,3}(\.\d{3}){2,}(,\d+)?|\d{1,3}(\.\d{3})+,\d+|\d+,\d{1,2}|\d+,\d{4,})$",
    "en": r"^[+-]?(\d{1,3}(,\d{3}){2,}(\.\d+)?|\d{1,3}(,\d{3})+\.\d+)$",
    "plain": r"^[+-]?(\d+\.\d{1,2}|\d+\.\d{4,}|\d{4,}\.\d+|0\.\d+)$",
}
_ONE_IN = 20
LEADING_ZERO = r"^0\d+$"


@dataclass(frozen=True)
class Known:
    """What the project knows already: reviewed names, codes in force, the day it is."""

    spellings: Spellings
    references: Mapping[str, pl.Series]
    today: date


def read_sample(sample: Sample, captures: Mapping[str, Any], *more: str) -> pl.DataFrame:
    """The sample's rows under its sources and ``more``, by the layout that is proposed for it."""
    layout = {**sample.layout, **({"captures": captures} if captures else {})}
    if sample.label:
        layout["label"] = "label"
    names = {sample.label: "label"}
    may_lack = "json" in sample.layout["format"]  # a record without a field has no value there
    sources = [*sample.headers, *captures, *more]
    wanted = [Wanted(s, optional=may_lack, name=names.get(s, "")) for s in sources]
    model = TypeAdapter[Layout](Layout).validate_python(layout)
    try:
        (table, *_) = read_tables(model, wanted, sample.path, sample.name)
    except FileRefusedError as error:
        msg = f"{sample.shown}: the table that was guessed cannot be read: {error}"
        raise ScaffoldError(msg) from error
    return table.frame


@dataclass(frozen=True)
class Cells:
    """One source of the sample, read by ``intake.conform`` as it will be each night.

    ``is_of_a_form``: of a workbook or of delimited text, which programs take zeros from.
    """

    source: str
    header: str
    table: pl.DataFrame
    known: Known
    is_of_a_form: bool = True

    @cached_property
    def name(self) -> words.Named:
        """Name and titles of the column, by its header."""
        return words.named(self.header)

    @property
    def count(self) -> int:
        """The rows of the sample."""
        return self.table.height

    @property
    def type(self) -> pl.DataType:
        """How the source types its cells."""
        return self.table.schema[self.source]

    @property
    def is_written(self) -> bool:
        """Whether cells may be text: of a spreadsheet, of delimited text."""
        return isinstance(self.type, pl.Struct) or self.type == pl.String

    @cached_property
    def _texts(self) -> pl.Series:
        text = self.read({"source": self.source}, "str")
        return (text if text is not None else pl.Series([], dtype=pl.String)).drop_nulls()

    @property
    def said(self) -> pl.Series:
        """The texts of the cells that say something; a mark such as ``-`` says nothing."""
        return self._texts.filter(~self._texts.is_in(list(_NO_VALUE)))

    @property
    def base(self) -> dict[str, Any]:
        """The source, with the marks in its cells that mean: no value."""
        marks = [mark for mark in _NO_VALUE if (self._texts == mark).any()]
        return {"source": self.source, **({"nulls": marks} if marks else {})}

    @property
    def is_empty(self) -> bool:
        """Whether no cell says anything."""
        return self.said.is_empty()

    @property
    def is_code_like(self) -> bool:
        """Whether the cells are codes, whose digits prove nothing about numbers."""
        return words.is_code(self.header) or bool(self.said.str.contains(LEADING_ZERO).any())

    @cached_property
    def proven_style(self) -> str | None:
        """The only way of writing that all texts of a column of numbers can have."""
        source = self.table[self.source]
        texts = self.said
        if isinstance(source.dtype, pl.Struct):
            is_written = source.struct.field("number").is_null()
            texts = source.struct.field("text").filter(is_written).drop_nulls().str.strip_chars()
            texts = texts.filter(~texts.is_in(list(_NO_VALUE)))
        is_text = source.dtype == pl.String or isinstance(source.dtype, pl.Struct)
        if not is_text or texts.is_empty() or not self.all_match(texts, _NUMBER):
            return None
        proven = [name for name, proof in _PROOFS.items() if texts.str.contains(proof).any()]
        return proven[0] if len(proven) == 1 else None

    def read(
        self, source: Mapping[str, Any], kind: Kind, unit: str | None = None
    ) -> pl.Series | None:
        """The cells as that kind; None when more than some of them cannot be read as it."""
        values, bad = self._tried(source, kind, unit)
        return values if bad <= self.few else None

    def read_best(
        self, ways: Iterable[tuple[Kind, Mapping[str, Any]]], unit: str | None = None
    ) -> tuple[Kind, Mapping[str, Any], pl.Series] | None:
        """The first of the ways by which the fewest cells cannot be read; None as ``read``."""
        best: tuple[Kind, Mapping[str, Any], pl.Series] | None = None
        least = self.few + 1
        for kind, source in ways:
            values, bad = self._tried(source, kind, unit)
            if bad < least:
                best, least = (kind, source, values), bad
            if not least:
                break
        return best

    def _tried(
        self, source: Mapping[str, Any], kind: Kind, unit: str | None
    ) -> tuple[pl.Series, int]:
        """The cells as that kind, and how many say what it cannot hold."""
        column = Column.model_validate({**source, "source": self.source})
        units = {"value": unit} if unit else {}
        kept = [*PLACE, self.source, *(["unit"] if column.unit == "{unit}" else [])]
        frame = self.table.select(list(dict.fromkeys(kept)))
        found = conform(
            frame, {"value": column}, {"value": KINDS[kind]}, units, self.known.spellings
        )
        return found.rows["value"], found.unreadable.height

    @property
    def few(self) -> int:
        """How many cells may be an officer's slip: one in twenty, of a small sample none."""
        return self.count // _ONE_IN

    def all_match(self, texts: pl.Series, pattern: str) -> bool:
        """Whether every text has the form, but for a few."""
        return int((~texts.drop_nulls().str.contains(pattern)).sum()) <= self.few

    def padded(self, digits: int) -> dict[str, Any]:
        """The source, with the leading zeros that a spreadsheet takes from codes."""
        return {
            **self.base,
            **({"pad": digits} if self.is_of_a_form or not self.is_written else {}),
        }

    def field(
        self,
        kind: Kind,
        role: Role,
        source: Mapping[str, Any],
        values: pl.Series,
        *,
        name: words.Named | None = None,
        **facts: Any,
    ) -> Field:
        """The proposal for the column; ``name`` where its header does not say the usual one."""
        chosen = name or self.name
        titles = (chosen.vi or words.without_unit(self.header)[0], chosen.en)
        return Field(chosen.name, *titles, kind, role, source, values, **facts)

    def as_text(self, role: Role, **facts: Any) -> Field:
        """The cells as text."""
        source = {"source": self.source} if role == "text" else self.base
        values = self.read(source, "str")
        if values is None:  # cells that no reading makes words of
            values = pl.Series([None] * self.count, dtype=pl.String)
        return self.field("str", role, source, values, **facts)
