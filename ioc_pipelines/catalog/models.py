"""Profile, agency and feed as they stand in ``sources/<profile>/*.yaml``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from contracts.base import Dimension
from ioc_pipelines.catalog.columns import ColumnSpec
from ioc_pipelines.catalog.connectors import Connector, EnvironmentName, Span, Strict
from ioc_pipelines.catalog.layouts import Layout
from ioc_pipelines.catalog.reading import ReadingLimits

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
DatasetId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]


class Letter(Strict):
    """An official letter: its number and date."""

    number: str = Field(min_length=1)
    dated: date


class Letters(Strict):
    """Request of the user agency and consent of the provider (B10)."""

    request: Letter | None = None
    consent: Letter | None = None
    withdrawn: Letter | None = Field(
        default=None, description="Letter that withdraws the consent; stops the next run"
    )


class Person(Strict):
    """Who answers for a feed: a position, not a private person's details."""

    position: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    email_env: EnvironmentName | None = Field(
        default=None,
        description="Environment variable with the address that feedback is mailed to; an address "
        "never stands here",
    )


class Status(Strict):
    """Where a feed stands; anything but active says since when and why."""

    state: Literal["planned", "active", "suspended", "retired"]
    since: date
    reason: str | None = None

    @model_validator(mode="after")
    def _reason_given(self) -> Status:
        if self.state != "active" and not self.reason:
            msg = f"a feed that is {self.state} needs a reason"
            raise ValueError(msg)
        return self


class Feed(Strict):
    """One agency's supply of one dataset (H21, A11, B10, B18)."""

    dataset: DatasetId
    variant: Identifier | None = Field(
        default=None, description="Tells several feeds of one dataset by one agency apart"
    )
    title_vi: str
    status: Status
    classification: Literal["public", "internal", "confidential", "secret"]
    sharing: Literal["default", "special"]
    cadence: Literal[
        "daily", "weekly", "monthly", "quarterly", "half_yearly", "yearly", "on_change"
    ]
    late_after: Span = Field(description="Age of the data above which it is late: `26h`, `35d`")
    acceptance_floor: float = Field(
        default=0.8, ge=0, le=1, description="Least share of valid rows for a batch to be accepted"
    )
    head: Person
    focal_point: Person
    letters: Letters = Letters()
    shared_catalogue_ref: str | None = Field(
        default=None, description="Its code in a list of data that the profile permits (B16)"
    )
    priority: bool = Field(
        default=False,
        description="Connected first: national databases, health, education, civil servants (H34)",
    )
    connector: Connector | None = None
    layout: Layout | None = None
    columns: dict[str, ColumnSpec] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _active_is_complete(self) -> Feed:
        if self.status.state == "active":
            for name in ("connector", "layout", "columns"):
                if not getattr(self, name):
                    msg = f"an active feed needs {name}"
                    raise ValueError(msg)
        return self


class Maintenance(Strict):
    """A span in which an agency's system is announced to be away: it does not count as late."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    announced_on: date
    reason: str
    datasets: tuple[DatasetId, ...] = Field(default=(), description="Only these; none: all")

    @model_validator(mode="after")
    def _was_announced_beforehand(self) -> Maintenance:
        if self.ends_at <= self.starts_at:
            msg = "a maintenance window ends after it starts"
            raise ValueError(msg)
        if self.announced_on > self.starts_at.date():
            msg = "maintenance that was announced after it began is no excuse for being late"
            raise ValueError(msg)
        return self


class Agency(Strict):
    """A department, branch, commune or ministry that supplies data."""

    code: Identifier
    name_vi: str
    name_en: str
    level: Literal["central", "provincial", "commune"]
    unit_code: str | None = Field(
        default=None,
        pattern=r"^(\d{2}|\d{5})$",
        description="The unit whose data it keeps where its rows name none; "
        "the profile's province unless said",
    )
    maintenance: tuple[Maintenance, ...] = ()
    feeds: tuple[Feed, ...] = ()

    def maintenance_of(self, dataset: str) -> list[Maintenance]:
        """The windows that concern a dataset."""
        return [window for window in self.maintenance if dataset in (window.datasets or (dataset,))]


class LegalBasis(Strict):
    """A document that asks for what the profile does, with the dates it is in force."""

    document: str
    valid_from: date
    valid_to: date | None = None


class Approval(Strict):
    """That a batch counts only once a person approved it, and when none is asked (H25)."""

    automatic_from: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Lowest of the scores correct, complete and clean from which a batch is "
        "approved without a person; null: never",
    )
    approver: Person = Field(description="Who approves: the position, as the document names it")
    waiver_below: float = Field(
        default=75, ge=0, le=100, description="Lowest score below which only a waiver lets it pass"
    )
    document: str = Field(description="The document that asks for approval and sets the scores")

    @model_validator(mode="after")
    def _asks_nobody_only_above_the_waiver(self) -> Approval:
        if self.automatic_from is not None and self.automatic_from < self.waiver_below:
            msg = "automatic_from must not be below waiver_below: a waiver is a person's"
            raise ValueError(msg)
        return self


class PermittedList(Strict):
    """A list of the data that may be taken in, as a document issued it (B16)."""

    document: str = Field(min_length=1, description="Which list, with the number of its decision")
    dated: date
    entries: dict[str, str] = Field(min_length=1, description="Titles by the list's own codes")

    @property
    def version(self) -> str:
        """The list as a message names it."""
        return f"{self.document} ({self.dated:%d/%m/%Y})"


class Scoring(Strict):
    """How scores are made and told: the weights, and from when they are green and amber.

    A rule or dimension that is not named weighs 1.
    """

    source: str = Field(
        default="Công văn 4856/BCA-TTDLQG ngày 14/9/2026, phụ lục 3, theo một trang không chính "
        "thức: chưa kiểm chứng; trọng số bằng nhau là của dự án",
        description="Where thresholds and weights come from",
    )
    green_from: float = Field(default=90, ge=0, le=100)
    amber_from: float = Field(default=75, ge=0, le=100)
    rule_weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="By rule id: `complete.required: 2`"
    )
    dimension_weights: dict[Dimension, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _green_is_above_amber(self) -> Scoring:
        if self.amber_from >= self.green_from:
            msg = "green_from must be above amber_from"
            raise ValueError(msg)
        return self


# to answer a complaint where the profile says nothing: the project's number, no regulation's
ANSWER_DAYS = 5


class Deadlines(Strict):
    """In how many calendar days refused rows are to be closed, complaints answered (A12, H58)."""

    verify_days: int = Field(ge=0, description="To look at what is refused")
    fix_days: int = Field(ge=0, description="To mend it, after that")
    conflict_days: int = Field(
        ge=0, description="In all, where two rows of one key contradict each other"
    )
    complaint_days: int = Field(
        default=ANSWER_DAYS, ge=0, description="To answer a complaint about a published value"
    )
    sign_off_days: int | None = Field(
        default=None,
        ge=0,
        description="In how many days after a month's end the head of an agency signs off what it "
        "supplied in it (H57); null: nobody is asked to",
    )
    source: str = Field(min_length=1, description="Where they come from, and how sure that is")


class Mail(Strict):
    """The mail server that feedback goes out by."""

    url_env: EnvironmentName = Field(
        description="Environment variable with `mailto://` or `mailtos://user:password@host:port/"
        "?from=…`, as apprise reads it"
    )


AlertKind = Literal["target_missed", "threshold_crossed", "cumulative_fell", "period_missing"]


class Sink(Strict):
    """Somebody who is told."""

    name: Identifier = Field(
        description="What the ledger keeps of who was told; another name is told of all anew"
    )
    url_env: EnvironmentName | None = Field(
        default=None,
        description="Environment variable with one or more URLs as apprise reads them, apart by "
        "spaces: `mailtos://user:password@host?from=…&to=…`. Without it: a text file for each "
        "message, in the data root's `reports/alerts/<name>/` or `reports/runs/<name>/`",
    )


class AlertSink(Sink):
    """Somebody who is told of alerts about indicators, and of which; none given: of all (H40)."""

    kinds: tuple[AlertKind, ...] = ()
    severities: tuple[Literal["warning", "critical"], ...] = ()
    scenarios: tuple[str, ...] = Field(
        default=(), description="Codes of seeds/scenario.csv: `SECTOR`, `INVESTMENT_DRIVE`"
    )
    agencies: tuple[Identifier, ...] = Field(default=(), description="That own the indicator")
    levels: tuple[Literal["province", "commune"], ...] = Field(
        default=(), description="Of the unit that the alert is about"
    )


class Keep(Strict):
    """How many are kept of what is made anew each time, the newest first."""

    snapshots: int = Field(
        default=5, ge=2, description="Snapshots, besides those that are published, open or pinned"
    )
    backups: int = Field(default=14, ge=1, description="Backups in the archive")


class Profile(Strict):
    """One deployment's set of sources: a province, or the public data set."""

    code: Identifier
    title_vi: str
    title_en: str
    province_code: str | None = Field(default=None, pattern=r"^\d{2}$")
    letters_required: bool = Field(
        description="Whether a feed needs a request and a consent letter to be active (B10)"
    )
    approval: Approval | None = None
    permitted_lists: tuple[PermittedList, ...] = Field(
        default=(),
        description="Where given, an active feed names its entry in one of them "
        "(`shared_catalogue_ref`): nothing else is taken in (B16)",
    )
    reading: ReadingLimits = Field(
        default=ReadingLimits(), description="What reading a delivery's files may cost"
    )
    scoring: Scoring = Scoring()
    precedence: dict[DatasetId, Annotated[tuple[str, ...], Field(min_length=2)]] = Field(
        default_factory=dict,
        description="Of datasets that several feeds supply: feed ids, the one that goes before the "
        "others first; a feed that is not named comes after them, the newest delivery first",
    )
    deadlines: Deadlines | None = None
    mail: Mail | None = None
    alert_sinks: tuple[AlertSink, ...] = Field(
        default=(), description="Who is told of alerts about indicators"
    )
    run_sinks: tuple[Sink, ...] = Field(
        default=(), description="Who is told of runs that failed (H64)"
    )
    upgrade_consent: bool = Field(
        default=False,
        description="Whether the ledger is only migrated with a recorded consent of the managing "
        "agency (H70, L18): `ioc ledger upgrade`",
    )
    keep: Keep = Keep()
    nightly_at: str = Field(
        default="0 2 * * *", description="Cron of the nightly refresh, Asia/Ho_Chi_Minh"
    )
    legal_basis: list[LegalBasis]
