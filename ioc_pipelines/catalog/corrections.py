"""Known errors of a feed, as data: ``sources/<profile>/corrections/<agency>__<dataset>.yaml``.

Each entry names one value that the source sends wrongly now, and what is done about it until the
source is mended (H58, H80). It goes with reason and provider, so that it can be answered for.
Applied by ``intake.corrections``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Literal
from unicodedata import normalize

import polars as pl
from pydantic import Field, model_validator

from contracts.base import Contract
from ioc_pipelines.catalog.connectors import Strict

Value = bool | int | float | datetime | date | str | None
Action = Literal["drop", "override", "scale", "flag"]


class Correction(Strict):
    """One known error: the row by its business key, the column, and what to do."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Unique in the file; published")
    key: dict[str, Value] = Field(min_length=1, description="The row: business key to value")
    column: str = Field(description="The contract's column that is wrong")
    action: Action = Field(
        description="`drop`: the row goes to quarantine · `override`: `value` takes its place · "
        "`scale`: times `factor` · `flag`: the row stays as it is, marked"
    )
    value: Value = Field(default=None, description="With `override`: the right value")
    factor: float | None = Field(
        default=None, allow_inf_nan=False, description="With `scale`: the right multiplier"
    )
    expected: Value = Field(
        description="What the source sends wrongly now, in the contract's unit; for a cell that "
        "cannot be read its text. When it sends anything else, the correction no longer applies"
    )
    reason: str = Field(min_length=1)
    provider: str = Field(min_length=1, description="Who reported it: an office, not a person")
    reported_on: date
    status: Literal["active", "mended", "withdrawn"]

    @model_validator(mode="after")
    def _has_what_its_action_needs(self) -> Correction:
        needed = {"override": "value", "scale": "factor"}.get(self.action)
        for name in ("value", "factor"):
            if (name in self.model_fields_set) != (name == needed):
                msg = f"{self.action} {'needs' if name == needed else 'takes no'} {name}"
                raise ValueError(msg)
        if self.action == "scale" and (self.factor is None or self.factor in (0, 1)):
            msg = "factor must be a number other than 0 and 1"
            raise ValueError(msg)
        return self

    def corrected(self, dtype: pl.DataType) -> Value:
        """The right value; None for an action that gives none. Raises ValueError (``typed``)."""
        if self.action == "override":
            return typed(self.value, dtype)
        if self.action != "scale":
            return None
        wrong = typed(self.expected, dtype)
        if not dtype.is_numeric() or not isinstance(wrong, int | float) or self.factor is None:
            msg = "only a number can be scaled"
            raise ValueError(msg)
        right = wrong * self.factor
        return typed(int(right) if dtype.is_integer() and right == int(right) else right, dtype)


class Corrections(Strict):
    """The register of one feed."""

    corrections: tuple[Correction, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Corrections:
        ids = [c.id for c in self.corrections]
        if repeated := sorted({i for i in ids if ids.count(i) > 1}):
            msg = f"given twice: {', '.join(repeated)}"
            raise ValueError(msg)
        return self


def typed(value: Value, dtype: pl.DataType) -> Value:
    """The value as the column's type. Raises ValueError when it is none; never names the value."""
    if value is None:
        return None
    match value:
        case bool():
            fits = dtype == pl.Boolean
        case int():
            fits = dtype.is_numeric()
        case float():
            fits = dtype.is_float()
        case datetime():
            fits = isinstance(dtype, pl.Datetime) and value.tzinfo is None
        case date():
            fits = dtype == pl.Date
        case str():
            value, fits = normalize("NFC", value), dtype == pl.String
    if not fits:
        msg = f"not a value of the type {dtype} (codes and periods are texts: in quotes)"
        raise ValueError(msg)
    return value


def is_text_of_unreadable(correction: Correction, dtype: pl.DataType) -> bool:
    """Whether ``expected`` is the text of a cell that cannot be read as the column's type."""
    return isinstance(correction.expected, str) and dtype != pl.String


def problems_of(contract: type[Contract], corrections: Sequence[Correction]) -> Iterator[str]:
    """What is wrong with a register by its feed's contract, without any of its values."""
    for correction in corrections:
        for problem in _problems(contract, correction):
            yield f"{correction.id}: {problem}"
    active = [(c.column, repr(sorted(c.key.items()))) for c in corrections if c.status == "active"]
    if len(set(active)) < len(active):
        yield "two active corrections of one column of one row: it is not clear which applies"


def _problems(contract: type[Contract], correction: Correction) -> Iterator[str]:
    schema, info = contract.polars_schema(), contract.info()
    if set(correction.key) != set(info.key):
        yield f"key: the key of {info.dataset} is {', '.join(info.key)}"
        return
    if correction.column not in schema:
        yield f"column: not a column of {info.dataset}; it has {', '.join(schema)}"
        return
    if personal := {correction.column, *correction.key} & set(contract.personal_columns()):
        yield f"{', '.join(sorted(personal))} is personal data, which no register may hold"
        return
    if correction.column in info.key and correction.action in ("override", "scale"):
        yield "column: the key says which row it is; drop the row instead"
    for name, value in correction.key.items():
        yield from _untyped(f"key.{name}", value, schema[name])
    dtype = schema[correction.column]
    if not is_text_of_unreadable(correction, dtype):
        yield from _untyped("expected", correction.expected, dtype)
    try:
        right = correction.corrected(dtype)
    except ValueError as error:
        yield f"{'factor' if correction.action == 'scale' else 'value'}: {error}"
        return
    if correction.action == "override" and right == correction.expected:
        yield "value: the same as expected: nothing is corrected"


def _untyped(where: str, value: Value, dtype: pl.DataType) -> Iterator[str]:
    try:
        typed(value, dtype)
    except ValueError as error:
        yield f"{where}: {error}"
