"""What is wrong in a mart is found by its own expectation; what cannot be judged is an error."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from ioc_pipelines.warehouse.acceptance import engine
from ioc_pipelines.warehouse.acceptance.suites import Expected, Suite
from tests.warehouse.marts import (
    CATALOGUE,
    COMMUNE,
    HELD,
    LINEAGE,
    OTHER,
    UNITS,
    VALUE,
    accept,
    build_of,
    found,
    suites,
)

_ONE = f"where indicator_code = 'DISEASE_CASES_WEEK' and unit_id = '{COMMUNE}'"
_KEY = "key(indicator_code, period_type, period_start, unit_id)"


@pytest.fixture(scope="module", autouse=True)
def library() -> None:
    """Great Expectations takes seconds to import: once."""
    import great_expectations  # noqa: F401


def test_good_marts_pass(tmp_path: Path) -> None:
    report = accept(build_of(tmp_path / "build"))
    assert report.accepted
    assert found(report, "failed") == found(report, "error") == {}
    assert {mart.mart for mart in report.marts} == set(HELD)
    assert report.count("passed") == sum(len(suite.expectations) for suite in suites())
    kinds = {one.kind for suite in suites() for one in suite.expectations}
    assert len(kinds) == 7  # every kind of expectation is used by these suites
    verdicts = found(report, "passed")
    assert verdicts[VALUE, "row_count"].observed == "6 dòng"
    assert verdicts[VALUE, "between(period_start)"].observed == "6 dòng, 2026-10-01 … 2026-10-01"


@pytest.mark.parametrize(
    ("changes", "mart", "expectation", "unexpected"),
    [
        (["update {value} set value = null {one}"], VALUE, "not_null(value)", 1),
        (["insert into {value} select * from {value} {one}"], VALUE, _KEY, 2),
        (
            ["update {value} set status = 'tốt', target = 1 {one}"],
            VALUE,
            "accepted_values(status)",
            1,
        ),
        (["update {value} set value = -1 {one}"], VALUE, "plausible_value", 1),
        (
            ["update {value} set value = 100.5 where indicator_code like 'DOSSIERS%'"],
            VALUE,
            "plausible_value",
            3,
        ),
        (
            [f"update {t} set period_start = date '2026-12-01' {_ONE}" for t in (VALUE, LINEAGE)],
            VALUE,
            "between(period_start)",
            1,
        ),
        (
            [f"update {t} set unit_id = '99999@2025-07-01' {_ONE}" for t in (VALUE, LINEAGE)]
            + [
                f"insert into {t} select * replace ('{COMMUNE}' as unit_id) from {t}"
                " where unit_id = '99999@2025-07-01'"
                for t in (VALUE, LINEAGE)
            ],
            VALUE,
            "reference(unit_id)",
            1,
        ),
        (["delete from {lineage} {one}"], VALUE, "has_lineage", 1),
        (["update {value} set status = 'met' {one}"], VALUE, "status_follows_target", 1),
        (["delete from {value} {one}"], LINEAGE, "of_a_value", 1),
        (["update {lineage} set batch_id = 'b2' {one}"], LINEAGE, "reference(batch_id)", 1),
        (["update {lineage} set feed = null {one}"], LINEAGE, "not_null(feed)", 1),
        (
            ["insert into {catalogue} select * from {catalogue} limit 1"],
            CATALOGUE,
            "key(indicator_code)",
            2,
        ),
        (
            ["update {catalogue} set owner_agency = null where unit = 'ca'"],
            CATALOGUE,
            "not_null(owner_agency)",
            1,
        ),
        (
            [
                "delete from staging.reference__admin_unit",
                "update {units} set valid_to = '2020-01-01' where unit_id = '{other}'",
            ],
            UNITS,
            "valid_in_order",
            1,
        ),
        (
            [
                "insert into {units} select * replace ('33@2026-01-01' as unit_id)"
                " from {units} where level = 'province'"
            ],
            UNITS,
            "key(code) where is_current",
            2,
        ),
        (
            ["insert into staging.reference__admin_unit values ('12004')"],
            UNITS,
            "every_current_unit",
            1,
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else None,
)
def test_one_thing_wrong_fails_its_own_expectation(
    tmp_path: Path, changes: list[str], mart: str, expectation: str, unexpected: int
) -> None:
    names = {"value": VALUE, "catalogue": CATALOGUE, "lineage": LINEAGE, "units": UNITS}
    told = [c.format(**names, one=_ONE, other=OTHER) for c in changes]
    among = [suite for suite in suites() if suite.mart == mart]
    report = accept(build_of(tmp_path / "build", *told), among)
    # a value that is gone is also a commune without values: that only warns
    blocking = {key: v for key, v in found(report, "failed").items() if v.blocks}
    assert set(blocking) == {(mart, expectation)}
    assert blocking[mart, expectation].unexpected == unexpected
    assert found(report, "error") == {}
    assert not report.accepted


def test_the_indicator_and_its_owner_are_named_and_no_value(tmp_path: Path) -> None:
    change = f"update {VALUE} set value = 8765432.5, unit_id = '{COMMUNE}' {_ONE}"
    report = accept(build_of(tmp_path / "build", change))
    verdict = found(report, "failed")[VALUE, "plausible_value"]
    (affected,) = verdict.affected
    assert (affected.indicator_code, affected.name_vi) == ("DISEASE_CASES_WEEK", "Số ca mắc")
    assert (affected.owner_agency, affected.owner_name, affected.rows) == ("so_y_te", "Sở Y tế", 1)
    assert "8765432" not in repr(verdict)
    assert COMMUNE not in repr(verdict)


def test_a_code_that_is_no_indicator_is_not_said(tmp_path: Path) -> None:
    changes = [
        f"update {t} set indicator_code = 'Trịnh Thị Bí Mật' {_ONE}" for t in (VALUE, LINEAGE)
    ]
    report = accept(build_of(tmp_path / "build", *changes))
    verdict = found(report, "failed")[VALUE, "reference(indicator_code)"]
    assert (verdict.unexpected, verdict.affected) == (1, ())
    assert "Bí Mật" not in repr(report)


def test_a_commune_that_reports_nothing_is_a_warning_that_names_whom_to_ask(tmp_path: Path) -> None:
    """One silent agency never stops the province (DESIGN, rule 5)."""
    changes = [f"delete from {t} {_ONE}" for t in (VALUE, LINEAGE)]
    report = accept(build_of(tmp_path / "build", *changes))
    (key,) = found(report, "failed")
    verdict = found(report, "failed")[key]
    assert key == (VALUE, "every_commune")
    assert (verdict.unexpected, [a.owner_agency for a in verdict.affected]) == (1, ["so_y_te"])
    assert report.accepted


def test_a_table_without_rows_fails_where_its_sources_have_some(tmp_path: Path) -> None:
    changes = [f"delete from {t}" for t in (VALUE, LINEAGE)]
    report = accept(build_of(tmp_path / "build", *changes))
    assert set(found(report, "failed")) == {(VALUE, "row_count"), (LINEAGE, "row_count")}


# -- errors of ours -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (f"alter table {VALUE} drop column value", {"not_null(value)", "plausible_value"}),
        (f"alter table {VALUE} drop column recorded_at", {"not_null(recorded_at)"}),
    ],
)
def test_a_column_that_is_gone_is_an_error_and_no_failed_expectation(
    tmp_path: Path, change: str, said: set[str]
) -> None:
    report = accept(build_of(tmp_path / "build", change))
    errors = found(report, "error")
    assert {(mart, id_) for mart, id_ in errors} == {(VALUE, id_) for id_ in said}
    assert found(report, "failed") == {}
    assert not report.accepted
    assert all("column" in verdict.problem for verdict in errors.values())


def test_a_mart_that_is_gone_is_an_error_of_each_of_its_expectations(tmp_path: Path) -> None:
    among = [suite for suite in suites() if suite.mart == LINEAGE]
    report = accept(build_of(tmp_path / "build", f"drop table {LINEAGE}"), among)
    assert report.count("error") == len(among[0].expectations)
    assert {v.problem for v in report.marts[0].verdicts} == {
        f"SubjectError: {LINEAGE} is not in the build"
    }


def test_a_query_that_fails_on_a_cell_says_which_and_never_the_cell(tmp_path: Path) -> None:
    rule = Expected("number", "holds", "Là số", "Is a number", sql="cast(t.name_vi as int) > 0")
    suite = Suite("marts", "indicator", "Danh mục", "Catalogue", (rule,))
    (verdict,) = accept(build_of(tmp_path / "build"), [suite]).marts[0].verdicts
    assert (verdict.outcome, verdict.unexpected) == ("error", 0)
    assert verdict.problem == "ConversionException"
    assert "Số ca mắc" in verdict.trace or "Tỷ lệ" in verdict.trace
    assert "trace" not in repr(verdict)


def test_what_the_library_cannot_evaluate_is_an_error(tmp_path: Path) -> None:
    """It reports its own exception as a result without success."""
    text = Expected("text", "between", "Khoảng", "Range", columns=("name_vi",), minimum=1.0)
    suite = Suite("marts", "indicator", "Danh mục", "Catalogue", (text,))
    (verdict,) = accept(build_of(tmp_path / "build"), [suite]).marts[0].verdicts
    assert (verdict.outcome, verdict.unexpected) == ("error", 0)
    assert verdict.trace


def test_what_the_library_raises_or_leaves_out_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = build_of(tmp_path / "build")
    among = [suite for suite in suites() if suite.mart == CATALOGUE]

    def broken(*_: object) -> None:
        raise RuntimeError("engine")

    monkeypatch.setattr(engine, "_validated", broken)
    report = accept(build, among)
    assert report.count("error") == len(among[0].expectations)
    assert {v.problem for v in report.marts[0].verdicts} == {"RuntimeError"}
    monkeypatch.setattr(engine, "_validated", lambda *_: {})
    assert accept(build, among).count("error") == len(among[0].expectations)


def test_no_analytics_and_nothing_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = build_of(tmp_path / "build")
    before = {path.name: path.read_bytes() for path in build.iterdir()}
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    accept(build, [])
    assert SimpleNamespace(**engine.os.environ).GX_ANALYTICS_ENABLED == "false"
    accept(build)
    assert {path.name: path.read_bytes() for path in build.iterdir()} == before
    with duckdb.connect(str(build / "ioc.duckdb")) as connection:  # not locked
        connection.execute("create table marts.more as select 1 as x").fetchall()
