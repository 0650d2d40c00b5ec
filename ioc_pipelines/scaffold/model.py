"""What is proposed for a dataset, before it is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import polars as pl

from ioc_pipelines.catalog.models import Letter, Person

Kind = Literal["str", "int", "float", "bool", "date", "moment"]
Role = Literal["period", "unit", "code", "text", "time", "figure"]

KINDS: Mapping[Kind, pl.DataType] = {
    "str": pl.String(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "bool": pl.Boolean(),
    "date": pl.Date(),
    "moment": pl.Datetime("us"),
}


# columns that say which period a row is of, the finest first
PERIODS = ("day", "week", "period", "month", "quarter", "school_year", "year")
MEND = "MEND BY HAND: the sample says no Vietnamese title"


class ScaffoldError(Exception):
    """Why nothing was written; ``code`` is the exit code: 1 the sample's fault, 2 wrong usage."""

    def __init__(self, message: str, code: int = 1) -> None:
        """Take the message for the terminal."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Guess:
    """One thing that the sample does not prove: of which column or field, what, and why.

    ``is_rule``: it stands in the contract; else in the feed.
    """

    column: str
    what: str
    why: str
    is_rule: bool = False


@dataclass(frozen=True)
class Sample:
    """A sample with the place of its table.

    ``path`` has the bytes and ``name`` is what they are landed under; ``connector`` and ``layout``
    are the facts of the feed. ``headers``: of each source its title, in the order of the table.
    ``title``: all text above the table; ``heading``: the line of it that names the form;
    ``label``: the source that tells rows from headings between them.
    """

    shown: str
    path: Path
    name: str
    connector: Mapping[str, Any]
    layout: Mapping[str, Any]
    headers: Mapping[str, str]
    title: str = ""
    heading: str | None = None
    label: str | None = None
    guesses: Sequence[Guess] = ()


@dataclass(frozen=True)
class Field:
    """One proposed column: of the contract (``name`` … ``checks``) and of the feed (``source``).

    ``values`` are the sample's, as the contract sees them; ``bad`` of its cells cannot be read.
    ``place`` is where a value for all rows stands, empty for a column of the table.
    """

    name: str
    vi: str
    en: str
    kind: Kind
    role: Role
    source: Mapping[str, Any]
    values: pl.Series
    checks: Mapping[str, Any] = field(default_factory=dict)
    unit: str | None = None
    personal: bool = False
    bad: int = 0
    place: str = ""
    guesses: tuple[Guess, ...] = ()

    @property
    def nullable(self) -> bool:
        """Whether cells may be empty; of what names a row a few empty ones are slips."""
        empty = self.values.null_count() - self.bad
        names_rows = self.role in ("period", "unit", "code")
        return empty > (self.values.len() // 20 if names_rows else 0) or self.values.is_empty()

    def with_rule(self, what: str, why: str, **checks: Any) -> Field:
        """The same, with checks that the contract then has."""
        guess = Guess(self.name, what, why, is_rule=True)
        return replace(self, checks={**self.checks, **checks}, guesses=(*self.guesses, guess))

    def with_reading(self, what: str, why: str) -> Field:
        """The same, with one more thing that was guessed of how its cells are read."""
        return replace(self, guesses=(*self.guesses, Guess(self.name, what, why)))


@dataclass(frozen=True)
class Draft:
    """The whole proposal. ``letters`` by name: ``request``, ``consent``."""

    dataset: str
    title_vi: str
    title_en: str
    basis: str
    sample: Sample
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    cadence: str
    late_after: str
    state: Literal["active", "planned"]
    since: date
    head: Person
    focal_point: Person
    letters: Mapping[str, Letter]
    guesses: tuple[Guess, ...]

    @property
    def sector(self) -> str:
        """The part of the dataset's id before the dot."""
        return self.dataset.split(".")[0]

    @property
    def period(self) -> Field | None:
        """The column that says which period a row reports; the finest of several."""
        found = {f.name: f for f in self.fields if f.role == "period"}
        finest = next((name for name in PERIODS if name in found), None)
        return found[finest] if finest else next(iter(found.values()), None)

    @property
    def publish(self) -> str:
        """Rows are published unless one of them names a person."""
        return "aggregate" if any(f.personal for f in self.fields) else "rows"

    @property
    def all_guesses(self) -> list[Guess]:
        """Of the table, of each column, of the dataset."""
        own = [guess for f in self.fields for guess in f.guesses]
        return [*self.sample.guesses, *own, *self.guesses]
