"""Random contracts and random batches, held against an evaluation of the test's own.

The oracle knows neither polars nor pandera: it goes through the rows one by one, in plain Python,
by a table that says of each check what it allows. ``judge`` must refuse the same rows by the same
rules, whatever the order of the rows and however the frame is cut.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pandera.polars as pa
import polars as pl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from contracts.base import BatchContext, BatchFinding, BatchRule, Contract, Rule, column
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.quality.split import Verdict, judge
from tests.quality.frames import ARRIVED, conformed, contract_of

DAY = ARRIVED.date()
LISTED = ("a", "12")
CONTEXT = BatchContext(ARRIVED, {"made_up": pl.Series(LISTED)})
# shrinking two random things at once takes minutes and makes them little smaller
SETTINGS = settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)

Cell = Any
Row = dict[str, Cell]
Named = tuple[str, str | None]
Allows = Callable[[Cell], bool]


def beyond_all(number: float) -> tuple[bool, float]:
    """A number in the order of polars: what is no number comes after all others."""
    return (True, 0.0) if math.isnan(number) else (False, number)


# options of a column, the rule that they state, the cells that it allows
CHECKS: dict[Any, list[tuple[dict[str, Any], str, Allows]]] = {
    str: [
        ({"str_matches": r"^[0-9]{2}$"}, "clean.format", lambda v: v in ("12", "07")),
        ({"str_length": {"max_value": 2}}, "clean.length", lambda v: len(v) <= 2),
        ({"isin": ["a", "12"]}, "correct.enum", lambda v: v in ("a", "12")),
        ({"notin": ["b", ""]}, "correct.enum", lambda v: v not in ("b", "")),
        ({"references": "made_up"}, "correct.reference", lambda v: v in LISTED),
    ],
    int: [
        ({"ge": 1}, "correct.min", lambda v: v >= 1),
        ({"gt": 1}, "correct.min", lambda v: v > 1),
        ({"lt": 5}, "correct.max", lambda v: v < 5),
        ({"in_range": (0, 5)}, "correct.range", lambda v: 0 <= v <= 5),
        ({"ne": 2}, "correct.enum", lambda v: v != 2),
    ],
    float: [
        ({"ge": 0.5}, "correct.min", lambda v: beyond_all(v) >= (False, 0.5)),
        ({"le": 2.0}, "correct.max", lambda v: beyond_all(v) <= (False, 2.0)),
        ({"eq": 0.0}, "correct.enum", lambda v: v == 0),
    ],
    pl.Date: [
        ({"not_after_arrival": True}, "correct.not_future", lambda v: v <= DAY),
        ({"max_age_days": 30}, "live.max_age", lambda v: v >= DAY - timedelta(days=30)),
    ],
}
CELLS: dict[Any, list[Cell]] = {
    str: ["a", "b", "12", "07", "12\n", "123", ""],
    int: [0, 1, 2, 4, 5, 6, -1],
    float: [0.0, -0.0, 0.5, 2.0, 2.5, float("nan"), float("inf")],
    pl.Date: [DAY - timedelta(days=n) for n in (0, 30, 31)] + [DAY + timedelta(days=1)],
}


@dataclass(frozen=True)
class Case:
    """A contract, and what the oracle knows of it."""

    contract: type[Contract]
    kinds: dict[str, Any]
    required: frozenset[str]
    unique: frozenset[str]
    key: tuple[str, ...]
    checks: list[tuple[str, str, Allows]]
    across: tuple[str, str] | None
    often: str | None
    most_rows: int | None


@dataclass(frozen=True)
class Sent:
    """A batch: cells by column; of some cells a text that cannot be read, by row and column."""

    rows: list[Row]
    unreadable: dict[tuple[int, str], str] = field(default_factory=dict)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = [f"c{i}" for i in range(draw(st.integers(1, 4)))]
    kinds = {name: draw(st.sampled_from(list(CHECKS))) for name in names}
    required, unique = set(), set()
    columns, checks = {}, []
    for name, kind in kinds.items():
        chosen = draw(st.lists(st.sampled_from(CHECKS[kind]), max_size=2, unique_by=lambda c: c[1]))
        options: dict[str, Any] = {k: v for given, _, _ in chosen for k, v in given.items()}
        options["nullable"] = draw(st.booleans())
        options["unique"] = draw(st.sampled_from([False, False, False, True]))
        required |= set() if options["nullable"] else {name}
        unique |= {name} if options["unique"] else set()
        columns[name] = (kind, column(vi=name.upper(), en=name, **options))
        checks += [(name, rule, allows) for _, rule, allows in chosen]
    key = tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)))
    pair = st.permutations(names).map(lambda order: (order[0], order[-1]))
    across = draw(st.one_of(st.none(), pair))
    often = draw(st.one_of(st.none(), st.sampled_from(names)))
    most_rows = draw(st.one_of(st.none(), st.integers(0, 6)))
    members: dict[str, Any] = {} if across is None else {"own": said_of(*across)}
    rules = [seldom(often)] if often else []
    rules += [few(most_rows)] if most_rows is not None else []
    contract = contract_of(columns, key=key, __batch_rules__=tuple(rules), **members)
    return Case(
        contract, kinds, frozenset(required), frozenset(unique), key, checks, across, often,
        most_rows,
    )  # fmt: skip


def said_of(one: str, other: str) -> Any:
    """A rule across two columns: where the one is empty, so is the other."""

    def own(cls: Any, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col(one).is_not_null() | pl.col(other).is_null())

    return pa.dataframe_check(error="complete.own", description="Sai")(own)


def seldom(name: str) -> BatchRule:
    """No value of a column comes more than twice."""

    def judge(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
        too_often = pl.col(name).is_not_null() & (pl.len().over(name) > 2)
        rows = frame.select(too_often).to_series()
        return BatchFinding(frame.height - int(rows.sum()), frame.height, "", rows)

    return BatchRule(Rule("clean.seldom", name, "Quá nhiều lần"), judge, unspoilt)


def few(most: int) -> BatchRule:
    """A batch of more rows waits for a person."""

    def judge(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
        return BatchFinding(int(frame.height <= most), 1, f"{frame.height} dòng")

    return BatchRule(Rule("complete.few", None, "Quá nhiều dòng"), judge, unspoilt, holds=True)


def unspoilt(frame: pl.DataFrame, context: BatchContext) -> tuple[pl.DataFrame, BatchContext]:
    return frame, context


@st.composite
def batches(draw: st.DrawFn, case: Case) -> Sent:
    cells = {
        name: st.sampled_from(
            [*CELLS[kind], None, None] if draw(st.booleans()) else CELLS[kind][:3]
        )
        for name, kind in case.kinds.items()
    }
    drawn = draw(st.lists(st.tuples(*cells.values()), max_size=9))
    rows = [dict(zip(cells, row, strict=True)) for row in drawn]
    again = draw(st.lists(st.integers(0, len(rows) - 1), max_size=3)) if rows else []
    rows = [*rows, *(dict(rows[i]) for i in again)]
    places = st.tuples(st.integers(0, max(len(rows) - 1, 0)), st.sampled_from(list(case.kinds)))
    texts = st.dictionaries(places, st.sampled_from(["?", "??"]), max_size=2 if rows else 0)
    unreadable = draw(texts)
    for place, name in unreadable:
        rows[place][name] = None
    return Sent(rows, unreadable)


# --- the oracle ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    status: str
    duplicates: frozenset[int]
    accepted: frozenset[int]
    broken: dict[int, set[Named]]


def same(cell: Cell) -> Cell:
    """What two cells have in common when they say the same: what is no number equals its like."""
    return "not a number" if isinstance(cell, float) and math.isnan(cell) else cell


def expected(case: Case, sent: Sent, floor: float, *, waived: bool) -> Expected:
    """The verdict on a batch, row by row."""
    seen, distinct = set(), list[int]()
    for place, row in enumerate(sent.rows):
        said = tuple((same(row[n]), sent.unreadable.get((place, n))) for n in case.kinds)
        if said not in seen:
            seen.add(said)
            distinct.append(place)
    broken: dict[int, set[Named]] = {place: _broken_alone(case, sent, place) for place in distinct}
    for place, rule in _broken_together(case, sent, distinct):
        broken[place].add(rule)
    valid = [place for place in distinct if not broken[place]]
    held = case.most_rows is not None and len(distinct) > case.most_rows and not waived
    status = "partly_accepted" if len(valid) < len(distinct) else "accepted"
    if not valid or len(valid) / len(distinct) < (0 if waived else floor):
        status = "below_floor"
        broken |= {place: {("complete.acceptance_floor", None)} for place in valid}
    elif held:
        status = "held"
        broken |= {place: {("complete.few", None)} for place in valid}
    return Expected(
        status,
        frozenset(range(len(sent.rows))) - frozenset(distinct),
        frozenset(place for place in distinct if not broken[place]),
        {place: rules for place, rules in broken.items() if rules},
    )


def _broken_together(case: Case, sent: Sent, distinct: list[int]) -> Iterator[tuple[int, Named]]:
    """What a row breaks because of others: a key or value that comes twice, a value too often."""
    asked: list[tuple[tuple[str, ...], Named, int]] = [(case.key, ("clean.key_unique", None), 1)]
    asked += [((name,), ("clean.unique", name), 1) for name in case.unique]
    asked += [((case.often,), ("clean.seldom", case.often), 2)] if case.often else []
    for names, rule, most in asked:
        told = {
            place: tuple(same(sent.rows[place][name]) for name in names)
            for place in distinct
            if not any((place, name) in sent.unreadable for name in names)
        }
        count = Counter(told.values())
        for place, said in told.items():
            # an empty value is a value of a key, and none that comes too often
            if count[said] > most and (most == 1 or said != (None,)):
                yield place, rule


def _broken_alone(case: Case, sent: Sent, place: int) -> set[Named]:
    """What a row breaks, whatever its neighbours are."""
    row, found = sent.rows[place], set[Named]()
    unread = {name for name in case.kinds if (place, name) in sent.unreadable}
    found |= {("correct.readable", name) for name in unread}
    for name in case.required - unread:
        if row[name] is None or same(row[name]) == "not a number":
            found.add(("complete.required", name))
    for name, rule, allows in case.checks:
        if row[name] is not None and not allows(row[name]):
            found.add((rule, name))
    if case.across and not unread:
        one, other = (row[name] for name in case.across)
        if one is None and other is not None:
            found.add(("complete.own", None))
    return found


# --- the system ----------------------------------------------------------------------------------


def batch_of(case: Case, sent: Sent) -> Conformed:
    schema = case.contract.polars_schema()
    frame = pl.DataFrame(
        {name: [row[name] for row in sent.rows] for name in case.kinds}, schema=schema
    )
    batch = conformed(frame)
    cells = pl.DataFrame(
        [(place, name, text) for (place, name), text in sent.unreadable.items()],
        schema=batch.unreadable.schema,
        orient="row",
    )
    return replace(batch, unreadable=cells)


def judged(case: Case, batch: Conformed, floor: float, *, waived: bool) -> Verdict:
    return judge(case.contract, batch, CONTEXT, floor, waived=waived)


def found(verdict: Verdict) -> dict[int, set[Named]]:
    rules: dict[int, set[Named]] = {}
    for row, rule, name in verdict.broken.select(ROW_ID, "rule", "column_name").rows():
        rules.setdefault(row, set()).add((rule, name))
    return rules


floors = st.sampled_from([0.0, 0.3, 0.5, 1.0])


def test_exactly_the_rows_that_the_oracle_refuses_are_refused_by_its_rules() -> None:
    seen: Counter[str] = Counter()

    @SETTINGS
    @given(data=st.data(), case=cases(), floor=floors, waived=st.booleans())
    def compare(data: st.DataObject, case: Case, floor: float, waived: bool) -> None:
        sent = data.draw(batches(case))
        verdict = judged(case, batch_of(case, sent), floor, waived=waived)
        wanted = expected(case, sent, floor, waived=waived)
        assert verdict.status == wanted.status
        assert found(verdict) == wanted.broken
        assert set(verdict.accepted[ROW_ID]) == wanted.accepted
        assert set(verdict.quarantined[ROW_ID]) == set(wanted.broken)
        places = [*verdict.accepted[ROW_ID], *verdict.quarantined[ROW_ID]]
        assert len(places) == len(set(places)), "a row is in one place only"
        assert verdict.rows_duplicate == len(wanted.duplicates)
        assert (
            verdict.rows_received
            == len(sent.rows)
            == verdict.accepted.height + verdict.quarantined.height + verdict.rows_duplicate
        )
        seen.update([verdict.status, *("duplicates" for _ in wanted.duplicates)])
        seen.update(rule for rules in wanted.broken.values() for rule, _ in rules)

    compare()
    stated = {rule for checks in CHECKS.values() for _, rule, _ in checks}
    outcomes = {"accepted", "partly_accepted", "below_floor", "held", "duplicates"}
    own = {"complete.own", "clean.seldom", "complete.few", "complete.acceptance_floor"}
    of_all = {"complete.required", "clean.key_unique", "clean.unique", "correct.readable"}
    assert set(seen) == stated | outcomes | own | of_all


def test_neither_the_order_of_the_rows_nor_the_cuts_of_the_frame_matter() -> None:
    seen: Counter[str] = Counter()

    @SETTINGS
    @given(data=st.data(), case=cases(), floor=floors)
    def compare(data: st.DataObject, case: Case, floor: float) -> None:
        sent = data.draw(batches(case))
        height = len(sent.rows)
        order = data.draw(st.permutations(range(height)))
        cuts = sorted(data.draw(st.lists(st.integers(0, height), max_size=3)))
        whole = batch_of(case, sent)
        moved = whole.rows[list(order)]
        pieces = [moved[a:b] for a, b in pairwise([0, *cuts, height])]
        other = replace(whole, rows=pl.concat(pieces, rechunk=False))
        one, two = (judged(case, batch, floor, waived=False) for batch in (whole, other))
        assert (one.status, one.rows_duplicate) == (two.status, two.rows_duplicate)
        # of equal rows another one may be the first: they are told by what they say
        assert contents(sent, one) == contents(sent, two)
        counts = [[(r.rule, r.passed, r.evaluated) for r in v.results] for v in (one, two)]
        assert counts[0] == counts[1]
        seen["chunks"] = max(seen["chunks"], other.rows.n_chunks())
        seen["moved"] += list(order) != sorted(order)
        seen["accepted"] += one.accepted.height
        seen["refused"] += one.quarantined.height
        seen["duplicates"] += one.rows_duplicate

    compare()
    assert seen["chunks"] > 1
    assert min(seen[name] for name in ("moved", "accepted", "refused", "duplicates")) > 0


def contents(sent: Sent, verdict: Verdict) -> Counter[Any]:
    """What the rows say, with the rules that each broke: none for an accepted one."""
    rules = found(verdict)
    return Counter(
        (
            tuple((name, same(cell), sent.unreadable.get((place, name)))
                  for name, cell in sent.rows[place].items()),
            frozenset(rules.get(place, set())),
        )
        for place in [*verdict.accepted[ROW_ID], *verdict.quarantined[ROW_ID]]
    )  # fmt: skip


def test_the_oracle_itself_on_a_batch_written_by_hand() -> None:
    kinds = {"k": str, "n": int}
    columns = {
        "k": (str, column(vi="K", en="k", isin=["a", "12"])),
        "n": (int, column(vi="N", en="n", nullable=True, ge=1)),
    }
    case = Case(
        contract_of(columns, key=("k",)), kinds, frozenset({"k"}), frozenset(), ("k",),
        [("k", "correct.enum", lambda v: v in ("a", "12")),
         ("n", "correct.min", lambda v: v >= 1)],
        None, None, None,
    )  # fmt: skip
    rows = [("a", 1), ("a", 1), ("12", None), ("b", 0), ("b", 5), (None, None)]
    sent = Sent([{"k": k, "n": n} for k, n in rows], {(5, "k"): "?"})
    enum, low, twice = ("correct.enum", "k"), ("correct.min", "n"), ("clean.key_unique", None)
    assert expected(case, sent, 0.4, waived=False) == Expected(
        "partly_accepted",
        frozenset({1}),
        frozenset({0, 2}),
        {3: {enum, low, twice}, 4: {enum, twice}, 5: {("correct.readable", "k")}},
    )
    assert expected(case, sent, 0.41, waived=False).status == "below_floor"
    assert date(2026, 11, 20) == DAY
