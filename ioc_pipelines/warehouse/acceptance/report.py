"""What acceptance found. Counts and names of the catalogue; never the value of a cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ioc_pipelines.warehouse.acceptance.declared import Severity

Outcome = Literal["passed", "failed", "error"]


@dataclass(frozen=True)
class Affected:
    """An indicator with unexpected rows, and who answers for it."""

    indicator_code: str
    name_vi: str
    owner_agency: str
    owner_name: str
    rows: int

    @property
    def owner(self) -> str:
        """Who answers for the indicator, by name where the profile knows it."""
        return self.owner_name or self.owner_agency or "chưa rõ cơ quan chủ trì"


@dataclass(frozen=True)
class Verdict:
    """The verdict on one expectation. ``error``: it could not be evaluated, ``problem`` says why.

    ``trace`` is the whole error for whoever repairs it. It may hold values: never shown or logged.
    """

    id: str
    title_vi: str
    title_en: str
    severity: Severity
    outcome: Outcome
    observed: str = ""
    unexpected: int = 0
    affected: tuple[Affected, ...] = ()
    problem: str = ""
    trace: str = field(default="", repr=False)

    @property
    def blocks(self) -> bool:
        """Whether nothing may be published."""
        return self.outcome == "error" or (self.outcome == "failed" and self.severity == "critical")


@dataclass(frozen=True)
class MartReport:
    """The verdicts on one mart."""

    mart: str
    title_vi: str
    title_en: str
    verdicts: tuple[Verdict, ...]

    def of(self, outcome: Outcome) -> list[Verdict]:
        """The verdicts with this outcome."""
        return [verdict for verdict in self.verdicts if verdict.outcome == outcome]

    @property
    def blocks(self) -> bool:
        """Whether this mart keeps the warehouse from being published."""
        return any(verdict.blocks for verdict in self.verdicts)


@dataclass(frozen=True)
class Report:
    """The verdicts on all marts."""

    marts: tuple[MartReport, ...]

    @property
    def accepted(self) -> bool:
        """Whether the warehouse may be published."""
        return not any(mart.blocks for mart in self.marts)

    def count(self, outcome: Outcome) -> int:
        """How many expectations have this outcome."""
        return sum(len(mart.of(outcome)) for mart in self.marts)


def grouped(number: int) -> str:
    """A number as Vietnamese readers write it: 14.336."""
    return f"{number:,}".replace(",", ".")


def in_words(mart: str, verdict: Verdict) -> str:
    """One line for an operator: which expectation of which mart, and whom to ask."""
    if verdict.outcome == "error":
        return f"{mart}: lỗi khi kiểm tra (error) «{verdict.title_vi}»: {verdict.problem}"
    shown = [
        f"{one.indicator_code} {one.name_vi} – {one.owner}: {grouped(one.rows)}"
        for one in verdict.affected
    ]
    about = f" ({'; '.join(shown)})" if shown else ""
    return f"{mart}: {verdict.title_vi}: {grouped(verdict.unexpected)}{about}"
