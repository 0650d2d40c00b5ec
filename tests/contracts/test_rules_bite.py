"""Every rule of every contract refuses what it is there for, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from contracts.base import KEY_UNIQUE, REQUIRED, BatchContext, BatchFinding
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.quality.evaluate import evaluate
from tests.quality.frames import ARRIVED, broken, conformed

NOW = ARRIVED.replace(tzinfo=None)
TODAY = NOW.date()
# "120" is listed so that its bad form is all that is wrong with it
REFERENCES = {"admin_unit.commune": pl.Series(["12001", "12002", "120"])}
CONTEXT = BatchContext(ARRIVED, REFERENCES)

Row = dict[str, Any]
RuleAt = tuple[str, str | None]


@dataclass(frozen=True)
class Cases:
    """A valid row; for each rule but those of emptiness, the cells that break it alone."""

    valid: Row
    breaks: dict[RuleAt, Row]
    at_the_limit: list[Row] = field(default_factory=list)


CASES: dict[str, Cases] = {
    "finance.budget_revenue": Cases(
        valid={
            "period": "2026-10",
            "commune_code": "12001",
            "year_plan_vnd": 9_000,
            "month_vnd": 700,
            "cumulative_vnd": 7_000,
            "closed_on": date(2026, 11, 5),
        },
        breaks={
            ("clean.format", "period"): {"period": "10/2026"},
            ("clean.format", "commune_code"): {"commune_code": "120"},
            ("correct.reference", "commune_code"): {"commune_code": "99999"},
            ("correct.min", "year_plan_vnd"): {"year_plan_vnd": -1},
            ("correct.min", "cumulative_vnd"): {"cumulative_vnd": -1, "month_vnd": -2},
            ("correct.not_future", "closed_on"): {"closed_on": TODAY + timedelta(days=1)},
            ("live.max_age", "closed_on"): {"closed_on": TODAY - timedelta(days=401)},
            ("correct.cumulative_covers_month", None): {"cumulative_vnd": 699},
            (KEY_UNIQUE, None): {"month_vnd": 701},
        },
        at_the_limit=[
            {"closed_on": TODAY},
            {"closed_on": TODAY - timedelta(days=400)},
            {"year_plan_vnd": 0, "month_vnd": 0, "cumulative_vnd": 0},
            {"month_vnd": -700},
            {"cumulative_vnd": 700},
        ],
    ),
    "health.disease_weekly": Cases(
        valid={
            "week": "2026-W46",
            "commune_code": "12001",
            "disease": "dengue",
            "cases": 12,
            "deaths": 1,
            "reported_on": date(2026, 11, 16),
        },
        breaks={
            ("clean.format", "week"): {"week": "2026-W54"},
            ("clean.format", "commune_code"): {"commune_code": "120"},
            ("correct.reference", "commune_code"): {"commune_code": "99999"},
            ("correct.enum", "disease"): {"disease": "cúm"},
            ("correct.range", "cases"): {"cases": 5001},
            ("correct.min", "deaths"): {"deaths": -1},
            ("correct.not_future", "reported_on"): {"reported_on": TODAY + timedelta(days=1)},
            ("live.max_age", "reported_on"): {"reported_on": TODAY - timedelta(days=201)},
            ("correct.deaths_within_cases", None): {"deaths": 13},
            (KEY_UNIQUE, None): {"cases": 13},
        },
        at_the_limit=[
            {"week": "2026-W53"},
            {"week": "2026-W01"},
            {"cases": 5000},
            {"cases": 0, "deaths": 0},
            {"deaths": 12},
            {"reported_on": TODAY - timedelta(days=200)},
        ],
    ),
    "investment.fdi_by_province": Cases(
        valid={
            "period": "2024-12",
            "province_name": "Hưng Yên",
            "projects": 71,
            "new_capital_usd_m": 1406.343102,
            "adjusted_capital_usd_m": 40.3491651875,
        },
        breaks={
            ("clean.format", "period"): {"period": "2024-00"},
            ("correct.min", "projects"): {"projects": -1},
            ("correct.min", "new_capital_usd_m"): {"new_capital_usd_m": -0.1},
            (KEY_UNIQUE, None): {"projects": 72},
        },
        at_the_limit=[
            {"adjusted_capital_usd_m": -46.597724},
            {"projects": None, "new_capital_usd_m": None, "adjusted_capital_usd_m": None},
            {"projects": 0, "new_capital_usd_m": 0.0},
        ],
    ),
    "public_services.procedure_dossier": Cases(
        valid={
            "dossier_code": "H33.12-261101-00001",
            "procedure_code": "1.004194",
            "commune_code": "12001",
            "applicant_name": "Nguyễn Văn A",
            "channel": "online",
            "status": "done",
            "received_at": datetime(2026, 11, 1, 8, 30),  # noqa: DTZ001  local, as stored
            "due_at": datetime(2026, 11, 8, 17),  # noqa: DTZ001
            "finished_at": datetime(2026, 11, 7, 9),  # noqa: DTZ001
            "updated_at": datetime(2026, 11, 7, 9),  # noqa: DTZ001
        },
        breaks={
            ("clean.format", "dossier_code"): {"dossier_code": "H33.12-261101-1"},
            ("clean.format", "procedure_code"): {"procedure_code": "1.00419"},
            ("clean.format", "commune_code"): {"commune_code": "120"},
            ("correct.reference", "commune_code"): {"commune_code": "99999"},
            ("correct.enum", "channel"): {"channel": "fax"},
            ("correct.enum", "status"): {"status": "finished"},
            ("correct.not_future", "received_at"): {
                "received_at": NOW + timedelta(seconds=1),
                "finished_at": None,
                "status": "received",
            },
            ("correct.not_future", "finished_at"): {"finished_at": NOW + timedelta(seconds=1)},
            ("live.max_age", "updated_at"): {"updated_at": NOW - timedelta(days=400, seconds=1)},
            ("correct.finished_after_received", None): {
                "finished_at": datetime(2026, 11, 1, 8, 29, 59)  # noqa: DTZ001
            },
            ("complete.finished_when_done", None): {"finished_at": None},
            (KEY_UNIQUE, None): {"applicant_name": "Nguyễn Văn B"},
        },
        at_the_limit=[
            {"finished_at": NOW, "updated_at": NOW},
            {"finished_at": datetime(2026, 11, 1, 8, 30)},  # noqa: DTZ001
            {"status": "processing", "finished_at": None},
            {"updated_at": NOW - timedelta(days=400)},
            {"due_at": datetime(2027, 1, 1)},  # noqa: DTZ001  a deadline may lie ahead
        ],
    ),
    "reference.admin_unit": Cases(
        valid={
            "code": "12001",
            "name": "Phố Hiến",
            "full_name": "Phường Phố Hiến",
            "level": "commune",
            "unit_type": "Phường",
            "province_code": "33",
        },
        breaks={
            ("clean.format", "code"): {"code": "120"},
            ("correct.enum", "level"): {"level": "district", "province_code": None},
            ("correct.enum", "unit_type"): {"unit_type": "Thị trấn"},
            ("clean.format", "province_code"): {"province_code": "3"},
            ("complete.province_of_commune", None): {"province_code": None},
            (KEY_UNIQUE, None): {"name": "Sơn Nam"},
        },
        at_the_limit=[
            {"code": "33", "level": "province", "unit_type": "Tỉnh", "province_code": None}
        ],
    ),
}


def frame_of(dataset: str, *rows: Row) -> pl.DataFrame:
    valid = CASES[dataset].valid
    schema = all_contracts()[dataset].polars_schema()
    return pl.DataFrame([valid | row for row in rows], schema=schema, orient="row")


def judged(dataset: str, *rows: Row) -> set[tuple[int, str, str | None]]:
    contract = all_contracts()[dataset]
    return broken(evaluate(contract, conformed(frame_of(dataset, *rows)), CONTEXT))


def every_row_rule() -> Iterator[tuple[str, str, str | None]]:
    for dataset, contract in all_contracts().items():
        for rule in contract.row_rules(BatchContext(ARRIVED, _Anything())):
            yield dataset, rule.id, rule.column


class _Anything(dict[str, pl.Series]):
    """Whatever reference lists a new contract names."""

    def __missing__(self, name: str) -> pl.Series:
        return REFERENCES.get(name, pl.Series([""]))


RULES = list(every_row_rule())


def test_the_rules_are_many_and_each_has_a_case() -> None:
    assert len(RULES) >= 69
    assert len({dataset for dataset, _, _ in RULES}) >= 5
    cases = {
        (dataset, rule, column) for dataset, case in CASES.items() for rule, column in case.breaks
    }
    wanted = {rule for rule in RULES if rule[1] != REQUIRED}
    assert cases == wanted, "write a row here for each rule of a new or changed contract"


@pytest.mark.parametrize("dataset", CASES)
def test_the_valid_row_passes_everything(dataset: str) -> None:
    contract = all_contracts()[dataset]
    assert list(CASES[dataset].valid) == contract.polars_schema().names()
    found = evaluate(contract, conformed(frame_of(dataset, {})), CONTEXT)
    assert found.broken.is_empty()
    about_rows = [r for r in found.results if r.evaluated == 1]
    assert len(about_rows) >= len(contract.row_rules(CONTEXT))
    assert all(result.passed == 1 for result in about_rows)


@pytest.mark.parametrize(
    ("dataset", "change"),
    [(dataset, change) for dataset, case in CASES.items() for change in case.at_the_limit],
)
def test_a_row_at_the_limit_passes(dataset: str, change: Row) -> None:
    assert judged(dataset, change) == set()


@pytest.mark.parametrize(
    ("dataset", "rule", "column"), RULES, ids=[f"{d}-{r}-{c}" for d, r, c in RULES]
)
def test_each_rule_refuses_the_row_that_breaks_it(
    dataset: str, rule: str, column: str | None
) -> None:
    change = {column: None} if rule == REQUIRED else CASES[dataset].breaks[rule, column]
    if rule == KEY_UNIQUE:
        assert judged(dataset, {}, change) == {(0, rule, column), (1, rule, column)}
        return
    # beside a good row, which stays good
    key = all_contracts()[dataset].info().key[0]
    good = {key: _another(CASES[dataset].valid[key])}
    assert judged(dataset, good, change) == {(1, rule, column)}


def _another(key: str) -> str:
    """A key beside the valid row's."""
    others = ["12002", "2026-09", "2024-11", "2026-W45", "H33.12-261101-00002"]
    return next(other for other in others if len(other) == len(key) and other[:4] == key[:4])


@pytest.mark.parametrize("dataset", CASES)
def test_every_rule_tells_the_officer_what_is_wrong(dataset: str) -> None:
    contract = all_contracts()[dataset]
    titles = {name: col.title for name, col in contract.columns().items()}
    rules = contract.row_rules(CONTEXT)
    assert rules
    for rule in rules:
        assert rule.message_vi
        if rule.column:
            assert titles[rule.column] in rule.message_vi
    for judged_whole in contract.batch_rules():
        assert judged_whole.rule.message_vi


# --- rules about the whole batch ----------------------------------------------------------------


def finding(dataset: str, rule: str, *rows: Row) -> BatchFinding:
    judges = {r.rule.id: r.judge for r in all_contracts()[dataset].batch_rules()}
    context = BatchContext(ARRIVED, {"admin_unit.commune": pl.Series(["12001", "12002"])})
    return judges[rule](frame_of(dataset, *rows), context)


BATCH_CASES: list[tuple[str, str, list[Row], BatchFinding]] = [
    (
        "finance.budget_revenue",
        "complete.every_commune_reported",
        [{}, {"commune_code": "12002"}],
        BatchFinding(2, 2),
    ),
    (
        "finance.budget_revenue",
        "complete.every_commune_reported",
        [{}, {"commune_code": "12002"}, {"period": "2026-09"}],
        BatchFinding(3, 4, "2026-09: 12002"),
    ),
    (  # a malformed period and an unknown commune count for nothing
        "finance.budget_revenue",
        "complete.every_commune_reported",
        [{}, {"period": "10/2026"}, {"period": None}, {"commune_code": "99999"}],
        BatchFinding(1, 2, "2026-10: 12002"),
    ),
    (
        "finance.budget_revenue",
        "complete.every_commune_reported",
        [{}, {}, {"commune_code": "12002"}],
        BatchFinding(2, 2),
    ),
    ("finance.budget_revenue", "complete.every_commune_reported", [], BatchFinding(0, 0)),
    (
        "health.disease_weekly",
        "complete.every_commune_reported",
        [{}, {"disease": "measles"}, {"week": "2026-W45", "commune_code": "12002"}],
        BatchFinding(2, 4, "2026-W45: 12001; 2026-W46: 12002"),
    ),
    (
        "health.disease_weekly",
        "complete.every_commune_reported",
        [{}, {"commune_code": "12002"}, {"week": "2026-W99"}],
        BatchFinding(2, 2),
    ),
    (
        "investment.fdi_by_province",
        "complete.no_missing_period",
        [{"period": "2023-11"}, {"period": "2024-02"}, {"period": "2024-02"}],
        BatchFinding(2, 4, "2023-12, 2024-01"),
    ),
    (
        "investment.fdi_by_province",
        "complete.no_missing_period",
        [{"period": "2023-12"}, {"period": "2024-01"}, {"period": "2024-99"}, {"period": None}],
        BatchFinding(2, 2),
    ),
    (
        "investment.fdi_by_province",
        "complete.no_missing_period",
        [{"period": "12/2024"}],
        BatchFinding(0, 1, "không có kỳ nào"),
    ),
    (
        "reference.admin_unit",
        "complete.every_province_has_communes",
        [
            {},
            {"code": "33", "level": "province", "province_code": None},
            {"code": "01", "level": "province", "province_code": None},
        ],
        BatchFinding(1, 2, "01"),
    ),
    (
        "reference.admin_unit",
        "complete.every_province_has_communes",
        [{}, {"code": "33", "level": "province", "province_code": None}],
        BatchFinding(1, 1),
    ),
]


@pytest.mark.parametrize(("dataset", "rule", "rows", "expected"), BATCH_CASES)
def test_batch_rules(dataset: str, rule: str, rows: list[Row], expected: BatchFinding) -> None:
    assert finding(dataset, rule, *rows) == expected


def test_every_batch_rule_has_a_case_that_it_refuses() -> None:
    wanted = {
        (dataset, judged_whole.rule.id)
        for dataset, contract in all_contracts().items()
        for judged_whole in contract.batch_rules()
    }
    refusing = {(d, r) for d, r, _, expected in BATCH_CASES if expected.passed < expected.evaluated}
    assert len(wanted) >= 4
    assert refusing == wanted
