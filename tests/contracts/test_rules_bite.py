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
    """A valid row; for each rule but those of emptiness, the cells that break it alone.

    ``beside``: cells of its key that make it another good row.
    """

    valid: Row
    beside: Row
    breaks: dict[RuleAt, Row]
    at_the_limit: list[Row] = field(default_factory=list)


CASES: dict[str, Cases] = {
    "environment.air_quality_hourly": Cases(
        valid={
            "station": "Hà Nội",
            "observed_at": datetime(2026, 11, 19, 23),  # noqa: DTZ001  local, as stored
            "pm25_ug_m3": 35.5,
            "aqi": 99,
        },
        beside={"station": "Hưng Yên"},
        breaks={
            ("correct.not_future", "observed_at"): {"observed_at": NOW + timedelta(seconds=1)},
            ("correct.range", "pm25_ug_m3"): {"pm25_ug_m3": -999.0},  # how a station says: broken
            ("correct.range", "aqi"): {"aqi": 501},
            (KEY_UNIQUE, None): {"pm25_ug_m3": 35.6},
        },
        at_the_limit=[
            {"observed_at": NOW},
            {"pm25_ug_m3": 0.0, "aqi": 0},
            {"pm25_ug_m3": 1000.0, "aqi": 500},
        ],
    ),
    "finance.budget_by_province": Cases(
        valid={
            "fiscal_year": 2019,
            "stage": "final",
            "province_name": "Hưng Yên",
            "revenue_m_vnd": 16_134_000.0,
            "expenditure_m_vnd": 11_980_500.5,
        },
        beside={"fiscal_year": 2018},
        breaks={
            ("correct.min", "fiscal_year"): {"fiscal_year": 1989},
            ("correct.max", "fiscal_year"): {"fiscal_year": 2101},
            ("correct.enum", "stage"): {"stage": "Plan"},
            ("correct.min", "revenue_m_vnd"): {"revenue_m_vnd": -0.1},
            ("correct.min", "expenditure_m_vnd"): {"expenditure_m_vnd": -0.1},
            (KEY_UNIQUE, None): {"revenue_m_vnd": 16_134_000.5},
        },
        at_the_limit=[
            {"fiscal_year": 1990},
            {"fiscal_year": 2100},
            {"stage": "plan"},
            {"revenue_m_vnd": 0.0, "expenditure_m_vnd": 0.0},
        ],
    ),
    "finance.budget_revenue": Cases(
        valid={
            "period": "2026-10",
            "commune_code": "12001",
            "year_plan_vnd": 9_000,
            "month_vnd": 700,
            "cumulative_vnd": 7_000,
            "closed_on": date(2026, 11, 5),
        },
        beside={"period": "2026-09"},
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
    "governance.pci": Cases(
        valid={"year": 2019, "province_name": "Hưng Yên", "score": 63.6},
        beside={"year": 2018},
        breaks={
            ("correct.min", "year"): {"year": 2004},
            ("correct.max", "year"): {"year": 2101},
            ("correct.range", "score"): {"score": 100.1},
            (KEY_UNIQUE, None): {"score": 63.7},
        },
        at_the_limit=[
            {"year": 2005},
            {"year": 2100},
            {"score": 0.0},
            {"score": 100.0},
        ],
    ),
    "health.disease_cases_monthly": Cases(
        valid={
            "year": 2014,
            "month": 7,
            "disease": "Sốt xuất huyết",
            "province_name": "Hưng Yên",
            "cases": 12,
            "deaths": 1,
        },
        beside={"year": 2013},
        breaks={
            ("correct.min", "year"): {"year": 1989},
            ("correct.max", "year"): {"year": 2101},
            ("correct.range", "month"): {"month": 13},
            ("correct.enum", "disease"): {"disease": "SXH"},  # how the sheet is named
            ("correct.min", "cases"): {"cases": -1},
            ("correct.min", "deaths"): {"deaths": -1},
            (KEY_UNIQUE, None): {"cases": 13},
        },
        at_the_limit=[
            {"year": 1990},
            {"year": 2100},
            {"month": 1},
            {"month": 12},
            {"cases": 0, "deaths": 0},
            {"cases": None},
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
        beside={"week": "2026-W45"},
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
        beside={"period": "2024-11"},
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
    "investment.state_budget_investment": Cases(
        valid={
            "period": "2024-12",
            "unit_name": "Hưng Yên",
            "month_bn_vnd": 1325.5,
            "cumulative_bn_vnd": 12_408.25,
        },
        beside={"period": "2024-11"},
        breaks={
            ("clean.format", "period"): {"period": "2024-13"},
            ("correct.min", "month_bn_vnd"): {"month_bn_vnd": -0.1},
            # the plan of the year, read as what was spent by January
            ("correct.cumulative_covers_month", None): {"period": "2024-01"},
            (KEY_UNIQUE, None): {"month_bn_vnd": 1325.6},
        },
        at_the_limit=[
            {"month_bn_vnd": 0.0, "cumulative_bn_vnd": 0.0},
            {"period": "2024-01", "cumulative_bn_vnd": 1325.5},
            {"period": "2024-02", "cumulative_bn_vnd": 1325.5},
            {"unit_name": "Bộ Y tế"},
        ],
    ),
    "labour.industrial_labour_index": Cases(
        valid={
            "period": "2024-12",
            "province_name": "Hưng Yên",
            "index_previous_month": 100.8,
            "index_same_period": 104.2,
        },
        beside={"period": "2024-11"},
        breaks={
            ("clean.format", "period"): {"period": "12/2024"},
            # a change in percent is no index
            ("correct.range", "index_previous_month"): {"index_previous_month": 0.8},
            ("correct.range", "index_same_period"): {"index_same_period": 1000.1},
            (KEY_UNIQUE, None): {"index_previous_month": 100.9},
        },
        at_the_limit=[
            {"index_previous_month": 1.0, "index_same_period": 1.0},
            {"index_previous_month": 1000.0, "index_same_period": 1000.0},
        ],
    ),
    "population.population_by_province": Cases(
        valid={
            "year": 2016,
            "province_name": "Hưng Yên",
            "population_thousand": 1170.2,
            "is_preliminary": False,
            "status": None,
        },
        beside={"year": 2015},
        breaks={
            ("correct.min", "year"): {"year": 1989},
            ("correct.max", "year"): {"year": 2101},
            ("correct.min", "population_thousand"): {"population_thousand": 0.0},
            ("correct.enum", "status"): {"population_thousand": None, "status": ".."},
            (KEY_UNIQUE, None): {"population_thousand": 1170.3},
        },
        at_the_limit=[
            {"year": 1990},
            {"year": 2100},
            {"population_thousand": 0.1, "is_preliminary": True},
            {"population_thousand": None, "status": "not_available"},
            {"population_thousand": None, "status": "nil"},
        ],
    ),
    "public_services.procedure": Cases(
        valid={
            "procedure_code": "1.004194",
            "name": "Đăng ký tạm trú",
            "agency": "Công an Xã",
            "level": "Cấp xã",
            "field": "Đăng ký, quản lý cư trú",
            "ministry": "bo-cong-an",
        },
        beside={"procedure_code": "1.004195"},
        breaks={
            ("clean.format", "procedure_code"): {"procedure_code": "1.00419"},
            ("clean.format", "level"): {"level": "Cấp xã, Cấp thôn"},
            ("clean.format", "ministry"): {"ministry": "Bộ Công an"},
            (KEY_UNIQUE, None): {"name": "Đăng ký thường trú"},
        },
        at_the_limit=[
            {"agency": None, "field": None},
            {"level": "Cấp bộ, Cấp tỉnh, Cấp huyện, Cấp xã, Cơ quan khác"},
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
        beside={"dossier_code": "H33.12-261101-00002"},
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
        beside={"code": "12002"},
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
    "reference.admin_unit_change": Cases(
        valid={
            "old_code": "11950",
            "old_name": "Phường Lam Sơn",
            "old_district_code": "323",
            "old_province_code": "33",
            "new_code": "11953",
            "new_name": "Phường Phố Hiến",
            "new_province_code": "33",
            "is_divided": False,
        },
        beside={"old_district_code": "324"},
        breaks={
            ("clean.format", "old_code"): {"old_code": "1"},
            ("clean.format", "old_district_code"): {"old_district_code": "23"},
            ("clean.format", "old_province_code"): {"old_province_code": "1"},
            ("clean.format", "new_code"): {"new_code": "1195300"},
            ("clean.format", "new_province_code"): {"new_province_code": "033"},
            (KEY_UNIQUE, None): {"is_divided": True},
        },
        at_the_limit=[
            # a district that was an island had no communes
            {"old_code": None, "old_name": None, "new_name": "Đặc khu Phú Quý"},
            {"new_province_code": "34", "is_divided": True},
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
    assert len(RULES) >= 151
    assert len({dataset for dataset, _, _ in RULES}) >= 14
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
    breaks = CASES[dataset].breaks
    change = {str(column): None} if rule == REQUIRED else breaks[rule, column]
    if rule == KEY_UNIQUE:
        assert judged(dataset, {}, change) == {(0, rule, column), (1, rule, column)}
        return
    # beside a good row, which stays good
    assert judged(dataset, CASES[dataset].beside, change) == {(1, rule, column)}


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
        "investment.state_budget_investment",
        "complete.no_missing_period",
        [{"period": "2010-12"}, {"period": "2011-01"}, {"period": "2011-04"}],
        BatchFinding(3, 5, "2011-02, 2011-03"),
    ),
    (  # two units of one month; a malformed month counts for nothing
        "investment.state_budget_investment",
        "complete.no_missing_period",
        [
            {"period": "2011-01"},
            {"period": "2011-01", "unit_name": "Bộ Y tế"},
            {"period": "1/2011"},
        ],
        BatchFinding(1, 1),
    ),
    (
        "labour.industrial_labour_index",
        "complete.no_missing_period",
        [{"period": "2023-10"}, {"period": "2024-01"}],
        BatchFinding(2, 4, "2023-11, 2023-12"),
    ),
    (
        "labour.industrial_labour_index",
        "complete.no_missing_period",
        [{"period": "2024-02"}, {"period": "2024-01"}, {"period": "2023-12"}],
        BatchFinding(3, 3),
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
    assert len(wanted) >= 6
    assert refusing == wanted
