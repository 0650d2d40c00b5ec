"""The province as the simulated agencies know it: its communes, and which day it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from ioc_pipelines.sandbox.chance import Floats, Integers, sizes

MONTHS = 24
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class World:
    """``communes`` (``code, name, full_name``) at the start of the day ``as_of``.

    ``opened_on`` is the day the sandbox began at: what it holds goes back 24 full months from
    there, and only grows as days pass.
    """

    communes: pl.DataFrame
    seed: int
    opened_on: date
    as_of: date

    @property
    def first_day(self) -> date:
        """The first day that anything is known of."""
        index = self.opened_on.year * 12 + self.opened_on.month - 1 - MONTHS
        return date(index // 12, index % 12 + 1, 1)

    @cached_property
    def months(self) -> list[date]:
        """First days of the full months before ``as_of``, oldest first."""
        last = self.as_of.replace(day=1) - timedelta(days=1)
        return pl.date_range(self.first_day, last, "1mo", eager=True).to_list()

    @cached_property
    def mondays(self) -> list[date]:
        """Mondays of the ISO weeks that ended before ``as_of``, oldest first."""
        first = self.first_day + timedelta(days=-self.first_day.weekday() % 7)
        last = self.as_of - timedelta(days=7)
        return pl.date_range(first, last, "1w", eager=True).to_list()

    @cached_property
    def days(self) -> Integers:
        """Days before ``as_of``, as numbers since 1970-01-01."""
        return np.arange(number(self.first_day), number(self.as_of))

    @cached_property
    def people(self) -> Floats:
        """Share of the province's people in each commune; sums to 1."""
        return sizes(self.seed, "people", self.communes.height, spread=0.4)

    @property
    def now(self) -> float:
        """The start of ``as_of`` in days since 1970-01-01."""
        return float(number(self.as_of))


def number(day: date) -> int:
    """A day as a number since 1970-01-01."""
    return (day - EPOCH).days


def month_number(column: str) -> pl.Expr:
    """A month as a number that grows by one a month."""
    moment = pl.col(column)
    return moment.dt.year().cast(pl.Int64) * 12 + moment.dt.month().cast(pl.Int64) - 1
