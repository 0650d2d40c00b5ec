"""How a feed says what a source column means. Applied by ``intake.conform``."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from unicodedata import normalize

from pydantic import BeforeValidator, Field, model_validator

from ioc_pipelines.catalog.connectors import Strict
from ioc_pipelines.catalog.patterns import names_in, pattern_of

NameList = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _with_reasons(value: Any) -> Any:
    full = dict.fromkeys(value, "no_value") if isinstance(value, list | tuple) else value
    if not isinstance(full, dict):
        return full
    return {normalize("NFC", k) if isinstance(k, str) else k: v for k, v in full.items()}


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Nulls = Annotated[
    dict[str, str],
    BeforeValidator(_with_reasons, json_schema_input_type=list[str] | dict[str, str]),
]
NameLists = Annotated[
    tuple[NameList, ...],
    BeforeValidator(_several, json_schema_input_type=NameList | list[NameList]),
]


class Column(Strict):
    """From one source column to one contract column.

    A source is the words of the header, a field or a column name; or one of the forms

    - ``/^Tháng (?P<month>\\d+)$/``: a pattern of the header. With named groups it stands for every
      column that matches: the table becomes long, and each group is a source of its own;
    - ``left of <source>``: the column before that one, for a column without a header;
    - ``{month}/{year}``: put together from captured values and groups.
    """

    source: str = Field(description="Header, field or column name at the source", min_length=1)
    others: tuple[str, ...] = Field(
        default=(), description="Other forms the source has had, tried in turn"
    )
    optional: bool = Field(default=False, description="The column may be missing: no value then")
    default: str | None = Field(default=None, description="What an empty cell means")
    number: Literal["plain", "vi", "en"] | None = Field(
        default=None,
        description="`plain`: 1234.5 · `vi`: 1.234,5 · `en`: 1,234.5 (for text; spreadsheet "
        "numbers are exact). Without it a text that could be either, such as 4.817, is refused",
    )
    scale: int = Field(default=1, ge=1, description="Multiplier to the contract's unit")
    unit: str | None = Field(
        default=None,
        description="Unit at the source, e.g. `nghìn USD`, or the value that holds it, e.g. "
        "`{unit}`: converted to the contract's unit",
        min_length=1,
    )
    words: dict[str, int] = Field(
        default_factory=dict, description="Word behind a number to its multiplier: `tỷ: 1000000000`"
    )
    marks: dict[str, str] = Field(
        default_factory=dict,
        description="Word beside a number to the status it gives the value: `Sơ bộ: preliminary`",
    )
    status_of: str | None = Field(
        default=None,
        description="Contract column whose mark, or whose reason for having no value, this is",
    )
    date: str | None = Field(default=None, description="Date or timestamp form, e.g. `%d/%m/%Y`")
    period: Literal["month", "quarter", "half_year", "iso_week"] | None = Field(
        default=None,
        description="Write the date as a period: 2024-12, 2024-Q4, 2024-H2, 2024-W50",
    )
    values: dict[str, str] = Field(
        default_factory=dict, description="Source value to contract value"
    )
    nulls: Nulls = Field(
        default_factory=dict,
        description="Texts that mean: no value. A list, or each with its reason: "
        "`{'..': not_available}`",
    )
    names: NameLists = Field(
        default=(), description="Reviewed lists of names: `province` makes TP.HCM Hồ Chí Minh"
    )
    pad: int | None = Field(
        default=None, ge=1, description="Length of a code, restored with leading zeros"
    )

    @property
    def sources(self) -> tuple[str, ...]:
        """Every form of the source, in the order they are tried."""
        return (self.source, *self.others)

    @model_validator(mode="after")
    def _makes_sense(self) -> Column:
        if self.period and not self.date:
            msg = "period needs the date form it is read from"
            raise ValueError(msg)
        for source in self.sources:
            try:
                pattern_of(source)
            except re.error as error:
                msg = f"source {source}: not a regular expression: {error}"
                raise ValueError(msg) from error
        if self.unit and len(names_in(self.unit)) > 1:
            msg = f"unit {self.unit}: one unit, or one value that holds it"
            raise ValueError(msg)
        return self


def _shorthand(value: Any) -> Any:
    return {"source": value} if isinstance(value, str) else value


ColumnSpec = Annotated[Column, BeforeValidator(_shorthand, json_schema_input_type=str | Column)]
