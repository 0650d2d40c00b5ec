"""The answer key against the files: the right rows, the right rules, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandera.errors
import polars as pl
import pytest

from contracts.base import DIMENSIONS, KEY_UNIQUE, REQUIRED, BatchContext, Contract
from contracts.finance.budget_revenue import BudgetRevenue
from contracts.health.disease_weekly import DiseaseWeekly
from contracts.public_services.procedure_dossier import ProcedureDossier
from ioc_pipelines.sandbox.answer_key import FeedKey
from tests.sandbox import reading
from tests.sandbox.conftest import AS_OF, Sandbox
from tests.sandbox.reading import Row

Reader = Callable[[Path], list[Row]]
BUDGET = "so_tai_chinh/finance.budget_revenue"
DISEASE = "so_y_te/health.disease_weekly"
DOSSIER = "van_phong_ubnd/public_services.procedure_dossier"
FEEDS: dict[str, tuple[type[Contract], Reader]] = {
    BUDGET: (BudgetRevenue, reading.budget),
    DISEASE: (DiseaseWeekly, reading.disease),
    DOSSIER: (ProcedureDossier, reading.dossier),
}
every_feed = pytest.mark.parametrize("feed", FEEDS)


@every_feed
def test_counts_add_up(sandbox: Sandbox, feed: str) -> None:
    key, rows = sandbox.answers.feeds[feed], FEEDS[feed][1](sandbox.folder)
    assert key.rows_received == len(rows)
    assert key.rows_received == key.rows_accepted + key.rows_quarantined + key.rows_duplicate
    assert key.rows_quarantined == len({(r.file, r.sheet, r.row, r.key) for r in key.refused})
    assert key.rows_duplicate == len(rows) - len(_distinct(rows))
    assert 0.01 <= key.rows_quarantined / key.rows_received <= 0.025


def test_sizes_are_as_agreed(sandbox: Sandbox) -> None:
    feeds = sandbox.answers.feeds
    assert feeds[DOSSIER].rows_received == 20_000
    assert 12 <= feeds[BUDGET].rows_quarantined <= 16
    assert feeds[BUDGET].rows_received == 6 * 104 + feeds[BUDGET].rows_duplicate + 2
    assert feeds[DISEASE].rows_received == 8 * 5 * 104 + feeds[DISEASE].rows_duplicate + 4 - 5


@every_feed
def test_every_dimension_is_planted(sandbox: Sandbox, feed: str) -> None:
    key = sandbox.answers.feeds[feed]
    assert list(key.dimensions) == list(DIMENSIONS)
    assert all(key.dimensions.values())
    assert key.dimensions == Counter(row.rule.partition(".")[0] for row in key.refused)


@every_feed
def test_the_contract_refuses_exactly_the_planted_rows(
    sandbox: Sandbox, feed: str, context: BatchContext
) -> None:
    contract, read = FEEDS[feed]
    rows = _distinct(read(sandbox.folder))
    found = {(*rows[i].place, rule, column) for i, rule, column in _broken(contract, rows, context)}
    found |= {(*row.place, "correct.readable", name) for row in rows for name in row.unreadable}
    key = sandbox.answers.feeds[feed]
    assert found == {(r.file, r.sheet, r.row, r.key, r.rule, r.column) for r in key.refused}


def _distinct(rows: list[Row]) -> list[Row]:
    """The first of each set of rows with the same raw cells."""
    return list({str(sorted(row.raw.items())): row for row in reversed(rows)}.values())


def _broken(
    contract: type[Contract], rows: list[Row], context: BatchContext
) -> set[tuple[int, str, str | None]]:
    """What stock pandera finds: index of the row, rule and column."""
    frame = pl.DataFrame([row.values for row in rows], schema=contract.polars_schema())
    with pytest.raises(pandera.errors.SchemaErrors) as caught:
        contract.schema(context).validate(frame, lazy=True)
    names = {"not_nullable": REQUIRED, "multiple_fields_uniqueness": KEY_UNIQUE}
    found = set()
    for case in caught.value.failure_cases.iter_rows(named=True):
        index, column = case["index"], case["column"]
        if case["check"] == "not_nullable" and column in rows[index].unreadable:
            continue  # says something, so it is not empty
        of_row = case["schema_context"] == "DataFrameSchema"
        rule = names.get(case["check"], case["check"])
        found.add((index, rule, None if of_row else column))
    return found


def _old(days: int) -> Callable[[Any], bool]:
    return lambda value: value < AS_OF - timedelta(days=days)


# what a person would see in the planted cell: its raw content, else the value it reads as
RAW: dict[tuple[str, str, str], Callable[[Any], bool]] = {
    (BUDGET, "correct.readable", "month_vnd"): lambda cell: cell == "mười hai",
    (BUDGET, "correct.readable", "closed_on"): lambda cell: cell == "cuối tháng",
    (BUDGET, "correct.reference", "commune_code"): lambda cell: str(cell).startswith("99"),
    (DISEASE, "correct.readable", "cases"): lambda cell: cell == "mười hai",
    (DISEASE, "correct.readable", "reported_on"): lambda cell: cell == "32/13/2026",
    (DISEASE, "correct.reference", "commune_code"): lambda cell: cell.startswith("99"),
    (DISEASE, "correct.enum", "disease"): lambda cell: cell == "SXH Dengue",
    (DISEASE, "correct.range", "cases"): lambda cell: cell == "12500",
    (DISEASE, "correct.min", "deaths"): lambda cell: cell == "-1",
    (DISEASE, "clean.format", "week"): lambda cell: "/" in cell,
    (DOSSIER, "correct.readable", "due_at"): lambda cell: cell[2] == "/",
    (DOSSIER, "correct.readable", "received_at"): lambda cell: cell.startswith("0000"),
    (DOSSIER, "correct.reference", "commune_code"): lambda cell: cell.startswith("99"),
    (DOSSIER, "correct.enum", "channel"): lambda cell: cell == "qua_mang",
    (DOSSIER, "correct.enum", "status"): lambda cell: cell == "cho_bo_sung",
    (DOSSIER, "clean.format", "dossier_code"): lambda cell: cell[3] == "-",
    (DOSSIER, "clean.format", "procedure_code"): str.isdecimal,
}
VALUE: dict[tuple[str, str, str], Callable[[Any], bool]] = {
    (BUDGET, "correct.min", "year_plan_vnd"): lambda value: value < 0,
    (BUDGET, "correct.not_future", "closed_on"): lambda value: value > AS_OF,
    (BUDGET, "live.max_age", "closed_on"): _old(400),
    (DISEASE, "correct.not_future", "reported_on"): lambda value: value > AS_OF,
    (DISEASE, "live.max_age", "reported_on"): _old(200),
    (DOSSIER, "correct.not_future", "received_at"): lambda value: value.date() > AS_OF,
    (DOSSIER, "correct.not_future", "finished_at"): lambda value: value.date() > AS_OF,
    (DOSSIER, "live.max_age", "updated_at"): lambda value: _old(400)(value.date()),
}
ACROSS: dict[tuple[str, str], Callable[[dict[str, Any]], bool]] = {
    (BUDGET, "correct.cumulative_covers_month"): lambda v: (
        0 <= v["cumulative_vnd"] < v["month_vnd"]
    ),
    (DISEASE, "correct.deaths_within_cases"): lambda v: v["deaths"] > v["cases"] >= 0,
    (DOSSIER, "complete.finished_when_done"): lambda v: (
        v["status"] == "done" and v["finished_at"] is None
    ),
    (DOSSIER, "correct.finished_after_received"): lambda v: v["finished_at"] < v["received_at"],
}


@every_feed
def test_each_planted_row_shows_its_defect(sandbox: Sandbox, feed: str) -> None:
    rows = {row.place: row for row in FEEDS[feed][1](sandbox.folder)}
    for planted in sandbox.answers.feeds[feed].refused:
        row = rows[planted.file, planted.sheet, planted.row, planted.key]
        if planted.rule == KEY_UNIQUE:
            continue  # seen in the next test
        if planted.column is None:
            assert ACROSS[feed, planted.rule](row.values), planted
        elif planted.rule == REQUIRED:
            assert row.raw[planted.column] is None, planted
        elif (feed, planted.rule, planted.column) in RAW:
            assert RAW[feed, planted.rule, planted.column](row.raw[planted.column]), planted
        else:
            assert VALUE[feed, planted.rule, planted.column](row.values[planted.column]), planted


@pytest.mark.parametrize("feed", [BUDGET, DISEASE])
def test_conflicting_rows_share_a_key_and_differ(sandbox: Sandbox, feed: str) -> None:
    contract, read = FEEDS[feed]
    rows = {row.place: row for row in read(sandbox.folder)}
    planted = [r for r in sandbox.answers.feeds[feed].refused if r.rule == KEY_UNIQUE]
    found = [rows[r.file, r.sheet, r.row, r.key].values for r in planted]
    keys = Counter(tuple(v[name] for name in contract.info().key) for v in found)
    assert set(keys.values()) == {2}
    assert len({tuple(v.values()) for v in found}) == len(found)


def test_the_silent_commune_is_silent_in_its_week_only(sandbox: Sandbox) -> None:
    (gap,) = sandbox.answers.feeds[DISEASE].gaps
    assert gap.rule == "complete.every_commune_reported"
    rows = [r for r in reading.disease(sandbox.folder) if r.file == f"so_y_te/{gap.unit}.csv"]
    assert gap.period not in {row.raw["week"] for row in rows}
    assert len({row.raw["week"] for row in rows} - {None}) >= 7
    assert gap.rows_missing == 5


def test_a_key_that_does_not_add_up_is_no_key() -> None:
    with pytest.raises(ValueError, match="10 rows received, 9 accounted for"):
        FeedKey(
            rows_received=10,
            rows_duplicate=0,
            rows_quarantined=0,
            rows_accepted=9,
            dimensions={},
            refused=(),
        )
