"""Rows that a register drops are quarantined under their own rule, and counted."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from contracts.base import BatchContext
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.intake.corrections import correct
from ioc_pipelines.quality.known_errors import KNOWN_ERROR, with_dropped
from ioc_pipelines.quality.split import RowsVanishedError, Verdict, judge
from tests.intake.test_corrections import CONTRACT, known, received

CONTEXT = BatchContext(datetime(2026, 11, 20, tzinfo=UTC))
ROWS = [
    ("001", "a", "1200", None, None),
    ("002", "a", "-1", None, None),
    ("003", "a", "3", None, None),
    ("003", "a", "3", None, None),
]


def judged(*codes: str, floor: float = 0.0) -> tuple[Verdict, pl.DataFrame]:
    sent = {code: int(amount) for code, _, amount, *_ in ROWS}
    drops = [known(c, id=f"k{c}", action="drop", expected=sent[c]) for c in codes]
    result = correct(received(ROWS), CONTRACT, drops)
    return judge(CONTRACT, result.batch, CONTEXT, floor), result.dropped


def test_without_known_errors_the_verdict_is_the_same() -> None:
    verdict, dropped = judged()
    assert with_dropped(verdict, dropped) is verdict


def test_a_dropped_row_breaks_its_own_rule_only() -> None:
    verdict = with_dropped(*judged("001"))
    assert verdict.broken.select(ROW_ID, "rule").rows() == [
        (0, "correct.known_error"),
        (1, "correct.min"),
    ]
    assert verdict.quarantined["code"].to_list() == ["001", "002"]
    assert verdict.accepted["code"].to_list() == ["003"]
    assert (verdict.rows_received, verdict.rows_duplicate) == (4, 1)
    (result,) = [result for result in verdict.results if result.rule == KNOWN_ERROR]
    assert (result.passed, result.evaluated) == (3, 4)


def test_what_is_dropped_does_not_count_against_the_floor() -> None:
    verdict = with_dropped(*judged("002", floor=1.0))
    assert (verdict.status, verdict.accepted.height) == ("partly_accepted", 2)


def test_a_batch_of_which_all_is_dropped_is_not_accepted() -> None:
    verdict = with_dropped(*judged("001", "002", "003"))
    assert (verdict.status, verdict.quarantined.height) == ("below_floor", 4)
    assert set(verdict.broken["rule"]) == {"correct.known_error"}


def test_a_row_that_vanished_is_a_defect() -> None:
    verdict, dropped = judged("001")
    less = Verdict(**{**vars(verdict), "accepted": verdict.accepted.clear()})
    with pytest.raises(RowsVanishedError):
        with_dropped(less, dropped)


def test_a_batch_keeps_what_was_received() -> None:
    batch = received(ROWS)
    result = correct(batch, CONTRACT, [known(action="drop", expected=1200)])
    assert isinstance(result.batch, Conformed)
    assert result.batch.received.equals(batch.received)
