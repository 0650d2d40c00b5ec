"""No row vanishes, order does not matter, and the floor is where it says."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.base import BatchContext, BatchFinding, BatchRule, Rule, column
from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.intake.conform import ROW_ID, Conformed, conform
from ioc_pipelines.quality.evaluate import evaluate
from ioc_pipelines.quality.split import Verdict, judge
from tests.quality.frames import ARRIVED, conformed, contract_of

CONTEXT = BatchContext(ARRIVED)
PLACE = ["_file", "_sheet", "_row"]
CONTRACT = contract_of(
    {
        "code": (str, column(vi="Mã", en="code", str_matches=r"^[A-C]$")),
        "day": (pl.Date, column(vi="Ngày", en="day", not_after_arrival=True)),
        "amount": (int, column(vi="Số tiền", en="amount", ge=0)),
        "note": (str, column(vi="Ghi chú", en="note", nullable=True)),
    },
    key=("code", "day"),
)
COLUMNS = {
    "code": Column(source="Mã"),
    "day": Column(source="Ngày", date="%d/%m/%Y"),
    "amount": Column(source="Số tiền", number="vi"),
    "note": Column(source="Ghi chú"),
}
Cells = tuple[str | None, str | None, str | None, str | None]
Content = tuple[Any, ...]

rows = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", "A", "x", None]),
        st.sampled_from(["01/11/2026", "02/11/2026", "2/11/2026", "31/02/2026", "01/01/2027"]),
        st.sampled_from(["1.000", "1000", " 2 ", "-5", "mười", "mười hai", None]),
        st.sampled_from([None, "", "x"]),
    ),
    max_size=12,
)
floors = st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0])
SETTINGS = settings(max_examples=40)


def received(cells: list[Cells]) -> Conformed:
    """The batch of a sheet with these rows."""
    table = pl.DataFrame(
        [("bao_cao.xlsx", "Biểu 1", i + 2, *row) for i, row in enumerate(cells)],
        schema={
            **dict.fromkeys(["_file", "_sheet"], pl.String),
            "_row": pl.Int64,
            **{declared.source: pl.String for declared in COLUMNS.values()},
        },
        orient="row",
    )
    return conform(table, COLUMNS, CONTRACT.polars_schema())


def contents(frame: pl.DataFrame) -> Counter[Content]:
    return Counter(frame.drop(ROW_ID, *PLACE).rows())


def refused(verdict: Verdict, cells: list[Cells]) -> Counter[tuple[Content, frozenset[Any]]]:
    """The quarantined rows as they were received, each with the rules it broke."""
    rules: dict[int, set[Any]] = {i: set() for i in verdict.quarantined[ROW_ID]}
    for row, rule, name in verdict.broken.select(ROW_ID, "rule", "column_name").rows():
        rules[row].add((rule, name))
    return Counter((_as_read(cells[row]), frozenset(broken)) for row, broken in rules.items())


def _as_read(cells: Cells) -> Content:
    """A received row, with spellings that say the same made one."""
    code, day, amount, note = cells
    same = {"2/11/2026": "02/11/2026", "1.000": "1000", " 2 ": "2"}
    return code, same.get(day or "", day), same.get(amount or "", amount), note or None


def test_no_row_vanishes_and_accepted_rows_break_nothing() -> None:
    seen: Counter[str] = Counter()

    @SETTINGS
    @given(cells=rows, floor=floors)
    @example(cells=[*batch(3, 0), GOOD], floor=0.5)
    @example(cells=batch(3, 1), floor=0.5)
    @example(cells=batch(1, 3), floor=0.5)
    def check(cells: list[Cells], floor: float) -> None:
        verdict = judge(CONTRACT, received(cells), CONTEXT, floor)
        accepted, held = verdict.accepted, verdict.quarantined
        assert verdict.rows_received == len(cells)
        assert len(cells) == accepted.height + held.height + verdict.rows_duplicate
        places = [*accepted[ROW_ID], *held[ROW_ID]]
        assert len(places) == len(set(places)), "a row is in one place only"
        assert set(places) <= set(range(len(cells)))
        # every quarantined row says why, and nothing else does
        assert set(verdict.broken[ROW_ID]) == set(held[ROW_ID])
        if not accepted.is_empty():
            again = Conformed(accepted, received(cells).received, received([]).unreadable)
            assert evaluate(CONTRACT, again, CONTEXT).broken.is_empty()
        seen.update([verdict.status])
        seen["accepted rows"] += accepted.height
        seen["quarantined rows"] += held.height
        seen["duplicate rows"] += verdict.rows_duplicate

    check()
    assert set(seen) == {
        "accepted",
        "partly_accepted",
        "below_floor",
        "accepted rows",
        "quarantined rows",
        "duplicate rows",
    }
    assert all(seen.values()), seen


def test_row_order_does_not_matter() -> None:
    compared = Counter[str]()

    @SETTINGS
    @given(data=st.data(), cells=rows, floor=floors)
    def check(data: st.DataObject, cells: list[Cells], floor: float) -> None:
        shuffled = data.draw(st.permutations(cells))
        one = judge(CONTRACT, received(cells), CONTEXT, floor)
        other = judge(CONTRACT, received(shuffled), CONTEXT, floor)
        assert one.status == other.status
        assert one.rows_duplicate == other.rows_duplicate
        assert contents(one.accepted) == contents(other.accepted)
        assert refused(one, cells) == refused(other, shuffled)
        counts = [[(r.rule.id, r.passed, r.evaluated) for r in v.results] for v in (one, other)]
        assert counts[0] == counts[1]
        compared["accepted"] += one.accepted.height
        compared["refused"] += one.quarantined.height

    check()
    assert compared["accepted"] > 0
    assert compared["refused"] > 0


def test_a_frame_in_several_chunks_is_judged_as_one() -> None:
    compared = Counter[str]()

    @SETTINGS
    @given(cells=rows, places=st.lists(st.integers(0, 12), max_size=3))
    @example(cells=[*batch(3, 1), GOOD], places=[2])
    def check(cells: list[Cells], places: list[int]) -> None:
        whole = received(cells)
        cuts = [0, *sorted(place for place in places if place < len(cells)), len(cells)]
        pieces = [whole.rows[a:b] for a, b in pairwise(cuts)]
        parted = Conformed(pl.concat(pieces, rechunk=False), whole.received, whole.unreadable)
        one, other = (judge(CONTRACT, batch, CONTEXT, 0) for batch in (whole, parted))
        assert one.accepted.equals(other.accepted)
        assert one.quarantined.equals(other.quarantined)
        assert one.broken.equals(other.broken)
        assert (one.results, one.rows_duplicate) == (other.results, other.rows_duplicate)
        compared["chunks"] = max(compared["chunks"], parted.rows.n_chunks())
        compared["duplicates"] += one.rows_duplicate

    check()
    assert compared["chunks"] > 1
    assert compared["duplicates"] > 0


def test_exact_duplicates_keep_the_first_copy() -> None:
    cells: list[Cells] = [
        ("A", "01/11/2026", "1000", None),
        ("B", "01/11/2026", "5", None),
        ("A", "1/11/2026", " 1.000 ", ""),
        ("A", "01/11/2026", "1000", None),
    ]
    verdict = judge(CONTRACT, received(cells), CONTEXT, 0.8)
    assert (verdict.status, verdict.rows_received, verdict.rows_duplicate) == ("accepted", 4, 2)
    assert verdict.accepted["_row"].to_list() == [2, 3]
    last = verdict.results[-1]
    assert (last.rule.id, last.passed, last.evaluated) == ("clean.exact_duplicate", 2, 4)


def test_the_same_key_with_other_content_is_no_duplicate() -> None:
    cells: list[Cells] = [
        ("A", "01/11/2026", "1", None),
        ("A", "01/11/2026", "2", None),
        ("B", "01/11/2026", "1", None),
    ]
    verdict = judge(CONTRACT, received(cells), CONTEXT, 0.2)
    assert (verdict.status, verdict.rows_duplicate) == ("partly_accepted", 0)
    assert verdict.accepted["code"].to_list() == ["B"]
    assert verdict.broken["rule"].to_list() == ["clean.key_unique"] * 2


GOOD: Cells = ("A", "01/11/2026", "1", None)


def batch(good: int, bad: int) -> list[Cells]:
    """Distinct rows: each with a day of its own, the bad ones with a negative amount."""
    days = [f"{i % 28 + 1:02d}/{i // 28 % 12 + 1:02d}/{2000 + i // 336}" for i in range(good + bad)]
    return [("A", day, "1" if i < good else "-1", None) for i, day in enumerate(days)]


def test_a_batch_exactly_at_its_floor_is_accepted() -> None:
    accepted = []
    for percent in range(1, 101):
        cells = received(batch(percent, 100 - percent))
        verdict = judge(CONTRACT, cells, CONTEXT, percent / 100)
        accepted.append((percent, verdict.status != "below_floor", verdict.accepted.height))
    assert accepted == [(percent, True, percent) for percent in range(1, 101)]


@pytest.mark.parametrize(
    ("good", "bad", "floor", "status"),
    [
        (4, 1, 0.8, "partly_accepted"),
        (7, 3, 0.7, "partly_accepted"),
        (3, 1, 0.8, "below_floor"),
        (799, 201, 0.8, "below_floor"),
        (5, 0, 1.0, "accepted"),
        (99, 1, 1.0, "below_floor"),
        (1, 99, 0.0, "partly_accepted"),
        (0, 3, 0.0, "below_floor"),
        (0, 0, 0.0, "below_floor"),
        (0, 0, 0.8, "below_floor"),
    ],
)
def test_the_floor(good: int, bad: int, floor: float, status: str) -> None:
    verdict = judge(CONTRACT, received(batch(good, bad)), CONTEXT, floor)
    assert verdict.status == status
    kept = 0 if status == "below_floor" else good
    assert (verdict.accepted.height, verdict.quarantined.height) == (kept, good + bad - kept)


def test_below_the_floor_every_distinct_row_is_held_back() -> None:
    cells = [*batch(2, 3), GOOD]  # the last repeats the first
    assert cells[0] == ("A", "01/01/2000", "1", None)
    cells[-1] = cells[0]
    verdict = judge(CONTRACT, received(cells), CONTEXT, 0.8)
    assert (verdict.status, verdict.rows_duplicate) == ("below_floor", 1)
    assert verdict.accepted.is_empty()
    assert verdict.quarantined[ROW_ID].to_list() == [0, 1, 2, 3, 4]
    assert verdict.broken.select(ROW_ID, "rule").sort(ROW_ID).rows() == [
        (0, "complete.acceptance_floor"),
        (1, "complete.acceptance_floor"),
        (2, "correct.min"),
        (3, "correct.min"),
        (4, "correct.min"),
    ]
    held = verdict.broken.filter(pl.col("rule") == "complete.acceptance_floor")
    assert held["message_vi"].unique().to_list() == [
        "Cả lô bị trả lại vì tỷ lệ dòng hợp lệ thấp hơn ngưỡng tiếp nhận"
    ]


def test_duplicates_do_not_count_towards_the_floor() -> None:
    cells = [*batch(1, 1), *[batch(1, 1)[0]] * 8]
    verdict = judge(CONTRACT, received(cells), CONTEXT, 0.8)
    assert (verdict.status, verdict.rows_duplicate) == ("below_floor", 8)


# --- held until a person lets it through ---------------------------------------------------------


def held_contract(*, holds: bool = True) -> Any:
    """At most two rows, else a person must look at it."""

    def few(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
        return BatchFinding(int(frame.height <= 2), 1, f"{frame.height} dòng")

    rule = Rule("complete.few", None, "Quá nhiều dòng")
    return contract_of(
        {"code": (str, column(vi="Mã", en="code", str_matches=r"^[A-C]$"))},
        key=("code",),
        __batch_rules__=(BatchRule(rule, few, lambda frame, context: (frame, context), holds),),
    )


def codes(*values: str) -> Conformed:
    return conformed(pl.DataFrame({"code": values}))


def test_a_held_batch_is_quarantined_whole_with_the_rule_that_holds_it() -> None:
    verdict = judge(held_contract(), codes("A", "B", "C", "C", "x"), CONTEXT, floor=0.5)
    assert (verdict.status, verdict.is_good) == ("held", False)
    assert [(r.rule.id, r.detail) for r in verdict.holding] == [("complete.few", "4 dòng")]
    assert (verdict.accepted.height, verdict.quarantined.height, verdict.rows_duplicate) == (
        0,
        4,
        1,
    )
    found = dict(verdict.broken.group_by("rule").len().rows())
    assert found == {"complete.few": 3, "clean.format": 1}
    assert set(verdict.broken["message_vi"]) == {"Quá nhiều dòng", "Mã sai định dạng quy định"}


def test_a_waiver_lets_valid_rows_through_and_leaves_the_scores() -> None:
    verdict = judge(held_contract(), codes("A", "B", "C", "x"), CONTEXT, floor=1.0, waived=True)
    assert (verdict.status, verdict.is_good, verdict.holding) == ("partly_accepted", True, ())
    assert sorted(verdict.accepted["code"]) == ["A", "B", "C"]
    assert verdict.quarantined["code"].to_list() == ["x"]
    told = {r.rule.id: (r.passed, r.evaluated) for r in verdict.results}
    assert told["complete.few"] == (0, 1)


def test_a_waiver_makes_no_invalid_row_valid() -> None:
    verdict = judge(held_contract(), codes("x", "y", "z"), CONTEXT, floor=0.0, waived=True)
    assert (verdict.status, verdict.accepted.height) == ("below_floor", 0)


def test_a_rule_that_does_not_hold_leaves_the_batch_alone() -> None:
    verdict = judge(held_contract(holds=False), codes("A", "B", "C"), CONTEXT, floor=1.0)
    assert verdict.status == "accepted"
