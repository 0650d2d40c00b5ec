"""The Contract base: what a row and a batch of a dataset must be.

A contract is a pandera-polars model plus what pandera lacks: dataset facts (grain, key, load
mode, what may be published), a dimension and a Vietnamese message for every rule, rules that
need the moment of arrival or a reference list, and rules about the whole batch.

The four dimensions are those of Hung Yen's regulation, art. 3.1a (H10):
``correct`` (đúng), ``complete`` (đủ), ``clean`` (sạch), ``live`` (sống).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, cast, get_args
from zoneinfo import ZoneInfo

import pandera.backends.polars.builtin_checks  # noqa: F401  registers the polars built-ins
import pandera.polars as pa
import polars as pl

Dimension = Literal["correct", "complete", "clean", "live"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
LoadMode = Literal["snapshot", "append", "upsert"]
Publish = Literal["rows", "aggregate", "none"]

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
REQUIRED = "complete.required"
UNIQUE = "clean.unique"
KEY_UNIQUE = "clean.key_unique"
REQUIRED_VI = "{title} không được để trống"
KEY_UNIQUE_VI = "Trùng khóa ({titles}) với dòng khác nội dung"

_RULE_ID = re.compile(rf"^({'|'.join(DIMENSIONS)})\.[a-z][a-z0-9_]*$")

# pandera's built-in checks: rule id and Vietnamese message by kind
_BUILT_IN: dict[str, tuple[str, str]] = {
    "equal_to": ("correct.enum", "{title} phải bằng {value}"),
    "not_equal_to": ("correct.enum", "{title} không được bằng {value}"),
    "greater_than": ("correct.min", "{title} phải lớn hơn {min_value}"),
    "greater_than_or_equal_to": ("correct.min", "{title} phải từ {min_value} trở lên"),
    "less_than": ("correct.max", "{title} phải nhỏ hơn {max_value}"),
    "less_than_or_equal_to": ("correct.max", "{title} không được vượt quá {max_value}"),
    "in_range": ("correct.range", "{title} phải nằm trong khoảng {min_value} đến {max_value}"),
    "isin": ("correct.enum", "{title} không thuộc danh mục cho phép"),
    "notin": ("correct.enum", "{title} thuộc danh mục không cho phép"),
    "str_matches": ("clean.format", "{title} sai định dạng quy định"),
    "str_contains": ("clean.format", "{title} sai định dạng quy định"),
    "str_startswith": ("clean.format", "{title} sai định dạng quy định"),
    "str_endswith": ("clean.format", "{title} sai định dạng quy định"),
    "str_length": ("clean.length", "{title} sai độ dài quy định"),
}


@dataclass(frozen=True)
class ContractInfo:
    """The facts of a dataset that are not about one column.

    ``key`` is the business key, one row per key is the ``grain``. ``publish`` says what may
    leave staging (DESIGN, rule 11). ``basis`` cites the form, standard or law followed.
    """

    dataset: str
    version: str
    title_vi: str
    title_en: str
    grain: str
    key: tuple[str, ...]
    load_mode: LoadMode
    publish: Publish
    basis: str
    period_column: str | None = None


@dataclass(frozen=True)
class BatchContext:
    """What a batch is judged against.

    ``arrived_at`` is its moment of arrival. ``references`` maps the name of a list, such as
    ``admin_unit.commune``, to the codes valid at arrival; a name ``<dataset>.<column>`` to what is
    accepted of that column. ``validity`` has ``code, valid_from, valid_to`` of lists whose members
    changed. ``previous`` are the accepted rows of the feed's batch before this one, None for the
    first.
    """

    arrived_at: datetime
    references: Mapping[str, pl.Series] = field(default_factory=dict)
    validity: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    previous: pl.LazyFrame | None = None


@dataclass(frozen=True)
class Rule:
    """One named check of a contract: ``id`` is ``<dimension>.<name>``, ``column`` its cell."""

    id: str
    column: str | None
    message_vi: str

    @property
    def dimension(self) -> Dimension:
        """The dimension, the part of the id before the dot."""
        return cast(Dimension, self.id.split(".", 1)[0])


@dataclass(frozen=True)
class BatchFinding:
    """What a batch rule found: ``passed`` of ``evaluated`` things, and what is wrong.

    ``rows`` is true for each row of the batch that breaks the rule: such rows are refused one by
    one. A rule that finds none of its own speaks of the batch.
    """

    passed: int
    evaluated: int
    detail: str = ""
    rows: pl.Series | None = field(default=None, compare=False)


@dataclass(frozen=True)
class BatchRule:
    """A rule about the whole batch, listed in its contract's ``__batch_rules__``.

    ``judge`` sees all rows that are no exact duplicates. ``holds``: a batch that breaks the rule
    is held back as a whole until a person lets it through. ``spoil`` makes of a good batch and its
    context one that breaks this rule, so that the rule can be proved to bite. ``mend`` makes of
    rows that are good one by one a batch that keeps the rule: only where drawing rows does not.
    ``looks_in`` names what it asks other datasets for, as ``<dataset>.<column>``: feeds of a
    contract with such a rule are judged after those of that dataset. ``sees`` are the columns that
    it looks at, None for all: of a batch too large for memory it is shown no others.
    """

    rule: Rule
    judge: Callable[[pl.DataFrame, BatchContext], BatchFinding]
    spoil: Callable[[pl.DataFrame, BatchContext], tuple[pl.DataFrame, BatchContext]]
    holds: bool = False
    mend: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    looks_in: tuple[str, ...] = ()
    sees: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError when the rule is of no dimension: its result would enter no score."""
        if not _is_rule_id(self.rule.id):
            msg = f"batch rule '{self.rule.id}': the id must be <dimension>.<name>"
            raise ValueError(msg)


def column(
    *,
    vi: str,
    en: str,
    unit: str | None = None,
    personal: bool = False,
    references: str | None = None,
    not_after_arrival: bool = False,
    max_age_days: int | None = None,
    samples: tuple[str, ...] = (),
    **checks: Any,
) -> Any:
    """Declare a contract column: a ``pandera.Field`` that also knows its titles and unit.

    ``references`` names a reference list the value must be in (rule ``correct.reference``);
    ``not_after_arrival`` refuses dates in the future of the arrival (``correct.not_future``);
    ``max_age_days`` refuses dates older than that at arrival (``live.max_age``);
    ``samples`` are values, good and bad, that its rules are proved with where chance writes none.
    Everything else is passed to ``pandera.Field``.
    """
    return pa.Field(
        title=vi,
        description=en,
        metadata={
            "unit": unit,
            "personal": personal,
            "references": references,
            "not_after_arrival": not_after_arrival,
            "max_age_days": max_age_days,
            "samples": samples,
        },
        **checks,
    )


class Contract(pa.DataFrameModel):
    """Base of every contract. Subclasses set ``__contract__`` and declare their columns.

    Rules about the batch and its neighbours stand in ``__batch_rules__``; those that several
    datasets need are in ``contracts.batch_rules`` and ``contracts.value_rules``.
    """

    __contract__: ClassVar[ContractInfo]
    __batch_rules__: ClassVar[tuple[BatchRule, ...]] = ()

    class Config:
        """A column the contract does not name is an error; nothing is ever coerced."""

        strict = True
        coerce = False

    @classmethod
    def info(cls) -> ContractInfo:
        """The facts of this dataset."""
        return cls.__contract__

    @classmethod
    def columns(cls) -> dict[str, pa.Column]:
        """The pandera columns by name, in the order of the contract."""
        return dict(cls.to_schema().columns)

    @classmethod
    def polars_schema(cls) -> pl.Schema:
        """Column names and polars types, in the order of the contract."""
        return pl.Schema({name: col.dtype.type for name, col in cls.columns().items()})

    @classmethod
    def personal_columns(cls) -> tuple[str, ...]:
        """Columns that are personal data and never leave staging (DESIGN, rule 11)."""
        return tuple(n for n, c in cls.columns().items() if (c.metadata or {}).get("personal"))

    @classmethod
    def schema(cls, context: BatchContext) -> pa.DataFrameSchema:
        """The stock pandera schema, with the rules that need ``context`` and the key added.

        Every check carries its rule id as ``error`` and its message as ``description``.
        Raises KeyError when ``context`` lacks a reference list the contract names.
        """
        schema = copy.deepcopy(cls.to_schema())
        schema.unique = list(cls.info().key)
        for col in schema.columns.values():
            col.checks = [*col.checks, *_contextual_checks(col, context)]
            for check in col.checks:
                _name_check(check, col.title or col.name)
            _tell_apart(col.checks)
        return schema

    @classmethod
    def row_rules(cls, context: BatchContext) -> list[Rule]:
        """Every rule that judges a row, in a fixed order."""
        return [rule for rule, _ in rules_of(cls.schema(context))]

    @classmethod
    def batch_rules(cls) -> tuple[BatchRule, ...]:
        """The rules about the whole batch; ``{title}`` in a message is its column's title."""
        return tuple(cls._titled(judged) for judged in cls.__batch_rules__)

    @classmethod
    def _titled(cls, judged: BatchRule) -> BatchRule:
        rule = judged.rule
        if "{title}" not in rule.message_vi:
            return judged
        title = str(cls.columns()[str(rule.column)].title)
        said = rule.message_vi.replace("{title}", title)
        return replace(judged, rule=replace(rule, message_vi=said))

    @classmethod
    def looks_in(cls) -> set[str]:
        """The other datasets that its rules ask."""
        asked = {name.rpartition(".")[0] for rule in cls.batch_rules() for name in rule.looks_in}
        return asked - {cls.info().dataset}


def rules_of(schema: pa.DataFrameSchema) -> Iterator[tuple[Rule, pa.Check | None]]:
    """Every row rule of a named schema with its pandera check (None: required, key unique)."""
    for col in schema.columns.values():
        if not col.nullable:
            yield Rule(REQUIRED, col.name, REQUIRED_VI.format(title=col.title)), None
        if col.unique:
            yield Rule(UNIQUE, col.name, f"{col.title} trùng với dòng khác"), None
        for check in col.checks:
            yield Rule(check.error, col.name, check.description), check
    for check in schema.checks:
        if not _is_rule_id(check.error) or not check.description:
            msg = f"{schema.name}: check {check.name} needs error and description"
            raise ValueError(msg)
        yield Rule(check.error, None, check.description), check
    if schema.unique:
        titles = ", ".join(str(schema.columns[name].title) for name in schema.unique)
        yield Rule(KEY_UNIQUE, None, KEY_UNIQUE_VI.format(titles=titles)), None


def _contextual_checks(col: pa.Column, context: BatchContext) -> Iterator[pa.Check]:
    """The checks of a column that depend on the batch's context."""
    facts = col.metadata or {}
    title = col.title
    if reference := facts.get("references"):
        yield pa.Check.isin(
            context.references[reference].to_list(),
            error="correct.reference",
            description=f"{title} không có trong danh mục hiện hành",
        )
    if not (facts.get("not_after_arrival") or facts.get("max_age_days")):
        return
    arrived = _moment(context.arrived_at, col)
    if facts.get("not_after_arrival"):
        yield pa.Check.le(
            arrived,
            error="correct.not_future",
            description=f"{title} không được sau thời điểm nhận dữ liệu",
        )
    if days := facts.get("max_age_days"):
        yield pa.Check.ge(
            arrived - timedelta(days=days),
            error="live.max_age",
            description=f"{title} đã quá {days} ngày khi nhận dữ liệu",
        )


def _moment(arrived_at: datetime, col: pa.Column) -> Any:
    """The arrival as the column sees it: a local date, or a naive local timestamp."""
    local = arrived_at.astimezone(VIETNAM)
    return local.date() if col.dtype.type == pl.Date else local.replace(tzinfo=None)


def _name_check(check: pa.Check, title: str) -> None:
    """Give a built-in check its rule id and message where the contract did not."""
    kind = _BUILT_IN.get(str(check.name))
    if kind and not _is_rule_id(check.error):  # pandera's own default is "isin([...])"
        check.error = kind[0]
    if check.description is None and kind:
        check.description = kind[1].format(title=title, **(check.statistics or {}))
    if not _is_rule_id(check.error) or not check.description:
        msg = f"{title}: check {check.name} needs error='<dimension>.<rule>' and a description"
        raise ValueError(msg)


def _is_rule_id(error: str | None) -> bool:
    """Whether ``error`` is ``<dimension>.<name>``."""
    return bool(error) and _RULE_ID.match(str(error)) is not None


def _tell_apart(checks: list[pa.Check]) -> None:
    """Number the later ones of several checks of a column with the same id: results are by id."""
    seen: dict[str, int] = {}
    for check in checks:
        rule_id = str(check.error)
        seen[rule_id] = seen.get(rule_id, 0) + 1
        if seen[rule_id] > 1:
            check.error = f"{rule_id}_{seen[rule_id]}"
