"""The reports of a profile, as data: ``sources/<profile>/reports.yaml``.

Which kinds there are, what stands in each, when it is due and who signs it (H14, H61, B25). No
figure can be typed in: texts hold placeholders that name an indicator, and a digit is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ioc_pipelines.catalog.connectors import Strict

PeriodType = Literal["month", "quarter", "half", "year"]
Measure = Literal["value", "cumulative", "target", "same_period", "change"]

# {IIP}  {IIP:change}  {GRDP_GROWTH@quarter}  {IIP@quarter-1:target}  {RESIDENTS/12364}
PLACEHOLDER = re.compile(
    r"\{(?P<indicator>[A-Z][A-Z0-9_]*)"
    r"(?:@(?P<period_type>month|quarter|half|year)?(?P<back>-\d+)?)?"
    r"(?:/(?P<unit>\d{2,5}))?"
    r"(?::(?P<measure>value|cumulative|target|same_period|change))?\}"
)
_NAMES = ("{period}", "{province}", "{as_of}")


def _only_placeholders(text: str) -> str:
    left = PLACEHOLDER.sub("", text)
    for name in _NAMES:
        left = left.replace(name, "")
    if re.search(r"[{}]", left):
        msg = f"'{text}': a brace is no placeholder; see docs/reports.md for their form"
        raise ValueError(msg)
    if re.search(r"\d", left):
        msg = f"'{text}': a figure is typed in; name its indicator in braces instead (H14)"
        raise ValueError(msg)
    return text


class _Block(Strict):
    missing: Literal["fail", "say"] = Field(
        default="fail",
        description="What a figure that is not there does: `fail` the report, or `say` "
        "'chưa có số liệu' in its place",
    )


class Text(_Block):
    """A paragraph."""

    block: Literal["text"]
    text: str = Field(min_length=1, description="With placeholders such as {IIP} {IIP:change}")

    @model_validator(mode="after")
    def _no_typed_figures(self) -> Text:
        _only_placeholders(self.text)
        return self


class Indicators(_Block):
    """A table of indicators of the province, and what follows from it in words."""

    block: Literal["indicators"]
    title: str = Field(min_length=1)
    indicators: tuple[str, ...] = Field(min_length=1)
    period_type: PeriodType | None = Field(
        default=None,
        description="Of indicators that have no such period as the report's: the newest one that "
        "ended with it",
    )
    conclude: bool = Field(default=True, description="Whether sentences follow the table")


class Line(_Block):
    """A series of an indicator of the province with its target."""

    block: Literal["line"]
    indicator: str
    periods: int = Field(default=13, ge=2, le=36)


class Communes(_Block):
    """Indicators by commune as a table, in the order of names or, with `worst`, the worst first."""

    block: Literal["communes"]
    title: str = Field(min_length=1)
    indicators: tuple[str, ...] = Field(min_length=1, max_length=4)
    worst: int | None = Field(default=None, ge=1, le=30, description="Only so many, by the first")
    units: tuple[Annotated[str, Field(pattern=r"^\d{5}$")], ...] = Field(
        default=(), description="Codes of communes; none given: all of the province"
    )


class Map(_Block):
    """An indicator of the communes as a map."""

    block: Literal["map"]
    indicator: str


Fact = Literal[
    "alerts",
    "deliveries",
    "scores",
    "refusals",
    "lateness",
    "connection",
    "supply",
    "roadmap",
    "sharing",
    "use",
    "sign_offs",
    "rounds",
    "agencies",
    "reminders",
    "social_housing",
    "social_security",
    "civil_service",
]


class Facts(_Block):
    """What the logs of the IOC say of the period."""

    block: Literal["facts"]
    of: Fact


Block = Annotated[Text | Indicators | Line | Communes | Map | Facts, Field(discriminator="block")]


class Section(Strict):
    """A numbered part of a report."""

    heading: str = Field(min_length=1)
    blocks: tuple[Block, ...] = Field(min_length=1)


class Due(Strict):
    """When a report of each month, quarter, half-year or year is made by itself, Viet Nam time."""

    every: PeriodType
    days_after_end: int | None = Field(
        default=None, ge=0, le=60, description="0: on the last day of the period itself"
    )
    days_before_end: int | None = Field(
        default=None, ge=1, le=60, description="Of a period that is not over: 1 of a year is 30/12"
    )
    basis: str = Field(min_length=1, description="Which clause asks for it, and who set the day")

    @model_validator(mode="after")
    def _one_day(self) -> Due:
        if (self.days_after_end is None) == (self.days_before_end is None):
            msg = "give days_after_end or days_before_end, one of them"
            raise ValueError(msg)
        return self


class ReportKind(Strict):
    """A kind of report: what it is called, what stands in it, when it is made."""

    kind: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$", description="`sector.land`")
    title_vi: str = Field(min_length=1, description="As lists show it")
    subject: str = Field(min_length=1, description="Below BÁO CÁO: with {period}, {province}")
    periods: tuple[PeriodType, ...] = Field(min_length=1)
    basis: tuple[str, ...] = Field(min_length=1, description="Documents, each after 'Căn cứ'")
    due: tuple[Due, ...] = ()
    on_event: tuple[Literal["alert_opened", "snapshot_published"], ...] = Field(
        default=(), description="What makes it besides its calendar, of the newest ended period"
    )
    sections: tuple[Section, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _periods_are_known(self) -> ReportKind:
        for due in self.due:
            if due.every not in self.periods:
                msg = f"due every {due.every}, but it has no such period"
                raise ValueError(msg)
        _only_placeholders(self.subject)
        return self

    def indicators(self) -> set[str]:
        """Every indicator that it names."""
        return set(_named(self))


class Issuer(Strict):
    """Head and foot of a document by Decree 30/2020/NĐ-CP, annex I."""

    superior: str | None = Field(default=None, description="Body above the issuing one")
    body: str = Field(min_length=1, description="Issuing body")
    symbol: str = Field(min_length=1, description="After the number: `BC-VP`")
    place: str = Field(min_length=1)
    authority: str | None = Field(default=None, description="`TL. CHỦ TỊCH`, above the title")
    signer_title: str = Field(min_length=1)
    addressee: tuple[str, ...] = Field(default=(), description="After 'Kính gửi:'")
    recipients: tuple[str, ...] = Field(min_length=1, description="Nơi nhận")


class Reports(Strict):
    """The reports of one profile."""

    province_code: str = Field(pattern=r"^\d{2}$", description="The province that is reported of")
    issuer: Issuer
    at: str = Field(
        default="07:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Time of day they start"
    )
    kinds: tuple[ReportKind, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Reports:
        names = [kind.kind for kind in self.kinds]
        if repeated := sorted({n for n in names if names.count(n) > 1}):
            msg = f"given twice: {', '.join(repeated)}"
            raise ValueError(msg)
        return self


def unknown_indicators(reports: Reports, known: set[str]) -> Iterator[str]:
    """Indicators that a report names and the catalogue does not have."""
    for kind in reports.kinds:
        for name in sorted(kind.indicators() - known):
            yield f"{kind.kind}: no indicator '{name}' in seeds/indicator_catalogue.csv"


def _named(kind: ReportKind) -> Iterator[str]:
    for section in kind.sections:
        for block in section.blocks:
            match block:
                case Text():
                    yield from (m["indicator"] for m in PLACEHOLDER.finditer(block.text))
                case Indicators() | Communes():
                    yield from block.indicators
                case Line() | Map():
                    yield block.indicator
                case Facts():
                    pass
