"""What a right intake must find in the sandbox: counts and every planted row, per feed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, model_validator

from contracts.base import DIMENSIONS, Dimension

FILE_NAME = "answer_key.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RefusedRow(_Frozen):
    """A planted row: where it is, and a rule it breaks. One that breaks two is there twice.

    ``file`` is relative to the sandbox. ``row`` is the number a person sees: the row of the sheet,
    the line of the CSV file with its header as line 1; None in a database, where ``key`` is the
    business key as it stands there. ``column`` is the contract's, None for cross-field rules.
    """

    file: str
    sheet: str | None
    row: int | None
    key: str | None
    rule: str
    column: str | None


class Gap(_Frozen):
    """Rows that should have come and are nowhere, so none is refused: a batch rule's finding."""

    rule: str
    period: str
    unit: str
    rows_missing: int


class FeedKey(_Frozen):
    """The answers for one feed. Received = accepted + quarantined + duplicate."""

    rows_received: int
    rows_duplicate: int
    rows_quarantined: int
    rows_accepted: int
    dimensions: dict[Dimension, int]
    refused: tuple[RefusedRow, ...]
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def of(
        cls, received: pl.DataFrame, refused: Sequence[RefusedRow], gaps: Sequence[Gap] = ()
    ) -> FeedKey:
        """The key of a planted frame (with the marks of ``defects``) and its refused rows."""
        duplicates = int(received["duplicate"].sum())
        spoilt = received["rule"].count()
        counted = Counter(row.rule.partition(".")[0] for row in refused)
        return cls(
            rows_received=received.height,
            rows_duplicate=duplicates,
            rows_quarantined=spoilt,
            rows_accepted=received.height - duplicates - spoilt,
            dimensions={dimension: counted[dimension] for dimension in DIMENSIONS},
            refused=tuple(refused),
            gaps=tuple(gaps),
        )

    @model_validator(mode="after")
    def _adds_up(self) -> FeedKey:
        parts = self.rows_accepted + self.rows_quarantined + self.rows_duplicate
        if parts != self.rows_received or len(self.refused) < self.rows_quarantined:
            msg = f"{self.rows_received} rows received, {parts} accounted for"
            raise ValueError(msg)
        return self


class AnswerKey(_Frozen):
    """The answers for every feed, by feed id ``<agency>/<dataset>``."""

    as_of: date
    seed: int
    feeds: dict[str, FeedKey]

    def write(self, folder: Path) -> None:
        """Write ``answer_key.json`` into ``folder``; the same key gives the same bytes."""
        text = json.dumps(
            self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, indent=1
        )
        (folder / FILE_NAME).write_bytes(f"{text}\n".encode())

    @classmethod
    def read(cls, folder: Path) -> AnswerKey:
        """The key of the sandbox at ``folder``. Raises FileNotFoundError, ValidationError."""
        return cls.model_validate_json((folder / FILE_NAME).read_bytes())


def refused_in_file(
    rows: pl.DataFrame, file: str, *, first_row: int, sheet: str | None = None
) -> list[RefusedRow]:
    """The refused rows of one file, whose ``rows`` begin at the person's row ``first_row``."""
    numbered = _broken(rows.with_row_index("row", offset=first_row), "row")
    return [RefusedRow(file=file, sheet=sheet, key=None, **row) for row in numbered]


def refused_in_table(rows: pl.DataFrame, file: str, *, key: str) -> list[RefusedRow]:
    """The refused rows of a database table, told apart by their ``key`` column."""
    spoilt = _broken(rows.with_columns(pl.col(key).alias("key")), "key")
    return [RefusedRow(file=file, sheet=None, row=None, **row) for row in spoilt]


def _broken(rows: pl.DataFrame, place: str) -> list[dict[str, Any]]:
    """``place, rule, column`` of each rule that a row breaks, in the order of the rows."""
    both = [
        rows.with_row_index("_at").select("_at", place, rule=rule, column=column)
        for rule, column in (("rule", "column"), ("also_rule", "also_column"))
    ]
    found = pl.concat(both).drop_nulls("rule").sort("_at", maintain_order=True)
    return found.drop("_at").to_dicts()
