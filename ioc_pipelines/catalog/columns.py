"""How a feed says what a source column means. Applied by ``intake.conform``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ioc_pipelines.catalog.connectors import Strict


class Column(Strict):
    """From one source column to one contract column."""

    source: str = Field(description="Header, field or column name at the source", min_length=1)
    number: Literal["plain", "vi"] | None = Field(
        default=None,
        description="`plain`: 1234.5 · `vi`: 1.234,5 (for text; spreadsheet numbers are exact)",
    )
    scale: int = Field(default=1, ge=1, description="Multiplier to the contract's unit")
    date: str | None = Field(default=None, description="Date or timestamp form, e.g. `%d/%m/%Y`")
    period: Literal["month", "iso_week"] | None = Field(
        default=None, description="Write the date as a period: 2024-12, 2024-W50"
    )
    values: dict[str, str] = Field(
        default_factory=dict, description="Source value to contract value"
    )
    nulls: tuple[str, ...] = Field(default=(), description="Texts that mean: no value")
    pad: int | None = Field(
        default=None, ge=1, description="Length of a code, restored with leading zeros"
    )

    @model_validator(mode="after")
    def _period_needs_date(self) -> Column:
        if self.period and not self.date:
            msg = "period needs the date form it is read from"
            raise ValueError(msg)
        return self


def _shorthand(value: Any) -> Any:
    return {"source": value} if isinstance(value, str) else value


ColumnSpec = Annotated[Column, BeforeValidator(_shorthand, json_schema_input_type=str | Column)]
