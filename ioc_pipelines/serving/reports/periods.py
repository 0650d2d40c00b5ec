"""Months, quarters, half-years and years: how they are named, where they begin and end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from ioc_pipelines.catalog.reports import PeriodType
from ioc_pipelines.serving import vietnamese

MONTHS: dict[PeriodType, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_FORM = re.compile(
    r"(?P<year>20\d{2})(?:-(?:Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<month>\d{2})))?"
)


class PeriodError(ValueError):
    """A text names no period, or not one of those a report has."""


@dataclass(frozen=True, order=True)
class Period:
    """A period by its kind and first day."""

    kind: PeriodType
    start: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """``2025-10``, ``2025-Q4``, ``2025-H2``, ``2025``. Raises PeriodError."""
        found = _FORM.fullmatch(text)
        if found is None:
            msg = f"'{text}' is no period: write 2025-10, 2025-Q4, 2025-H2 or 2025"
            raise PeriodError(msg)
        year = int(found["year"])
        if found["quarter"]:
            return cls("quarter", date(year, 3 * int(found["quarter"]) - 2, 1))
        if found["half"]:
            return cls("half", date(year, 6 * int(found["half"]) - 5, 1))
        if not found["month"]:
            return cls("year", date(year, 1, 1))
        month = int(found["month"])
        if not 1 <= month <= len("JFMAMJJASOND"):
            msg = f"'{text}': there is no month {month}"
            raise PeriodError(msg)
        return cls("month", date(year, month, 1))

    @classmethod
    def holding(cls, kind: PeriodType, day: date) -> Self:
        """The period of a kind that a day lies in."""
        first = (day.month - 1) // MONTHS[kind] * MONTHS[kind] + 1
        return cls(kind, date(day.year, first, 1))

    def shifted(self, by: int) -> Self:
        """The period so many of its kind later; earlier when negative."""
        months = self.start.year * 12 + self.start.month - 1 + by * MONTHS[self.kind]
        return type(self)(self.kind, date(months // 12, months % 12 + 1, 1))

    @property
    def end(self) -> date:
        """The last day."""
        return self.shifted(1).start - timedelta(days=1)

    @property
    def code(self) -> str:
        """As ``parse`` reads it."""
        match self.kind:
            case "month":
                return f"{self.start:%Y-%m}"
            case "quarter":
                return f"{self.start.year}-Q{(self.start.month + 2) // 3}"
            case "half":
                return f"{self.start.year}-H{(self.start.month + 5) // 6}"
            case _:
                return f"{self.start.year}"

    @property
    def vi(self) -> str:
        """In words: ``tháng 10/2025``."""
        return vietnamese.period(self.kind, self.start)

    @property
    def short(self) -> str:
        """As an axis shows it: ``10/2025``, ``Q4/2025``."""
        if self.kind == "month":
            return f"{self.start:%m/%Y}"
        year, _, part = self.code.partition("-")
        return f"{part}/{year}" if part else year

    def newest_ended(self, kind: PeriodType) -> Period:
        """Of another kind, the newest that is over when this one is."""
        inside = Period.holding(kind, self.end)
        return inside if inside.end <= self.end else inside.shifted(-1)
