"""Acceptance of the marts: what is wrong is found by its own expectation, before publishing."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ioc_pipelines.warehouse.acceptance import (
    MARTS,
    AcceptanceEngineError,
    Expectation,
    accept_marts,
)

CODES = ("A", "B", "C", "D")


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    """Great Expectations takes seconds to import: once."""
    import great_expectations  # noqa: F401


def marts(folder: Path, *changes: str) -> Path:
    """Four indicators with a month of values for two units, then ``changes``."""
    folder.mkdir(exist_ok=True)
    rows = ", ".join(f"('{code}', 'Chỉ tiêu {code}', 'neutral', 'so_a')" for code in CODES)
    values = ", ".join(
        f"('{code}', 'month', date '2026-10-01', '{unit}', {n}.5, null, 'no_target',"
        " timestamptz '2026-11-20 19:00:00+00')"
        for n, code in enumerate(CODES)
        for unit in ("33@2025-07-01", "11953@2025-07-01")
    )
    statements = [
        "create schema marts",
        "create table marts.indicator (indicator_code varchar, name_vi varchar,"
        " direction varchar, owner_agency varchar)",
        f"insert into marts.indicator values {rows}",
        "create table marts.indicator_value (indicator_code varchar, period_type varchar,"
        " period_start date, unit_id varchar, value double, target double, status varchar,"
        " recorded_at timestamptz)",
        f"insert into marts.indicator_value values {values}",
        "create table marts.indicator_lineage as select indicator_code, period_type,"
        " period_start, unit_id, 'so_a/x' as feed, 'b1' as batch_id from marts.indicator_value",
        *changes,
    ]
    path = folder / "ioc.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()
    return folder


def failed(verdicts: list[Expectation]) -> set[tuple[str, str]]:
    return {(v.mart, v.name) for v in verdicts if not v.success}


def test_good_marts_pass(tmp_path: Path) -> None:
    verdicts = accept_marts(marts(tmp_path / "build"))
    assert failed(verdicts) == set()
    assert len(verdicts) > 10
    assert {verdict.mart for verdict in verdicts} == set(MARTS)
    assert sum(verdict.unexpected for verdict in verdicts) == 0
    names = [(verdict.mart, verdict.name) for verdict in verdicts]
    assert len(names) == len(set(names))


VALUE, CATALOGUE, LINEAGE = "indicator_value", "indicator", "indicator_lineage"
_ONE = "where indicator_code = 'B' and unit_id like '33@%'"


@pytest.mark.parametrize(
    ("change", "mart", "expectation", "unexpected"),
    [
        (
            f"update marts.indicator_value set value = null {_ONE}",
            VALUE,
            "expect_column_values_to_not_be_null(value)",
            1,
        ),
        (
            f"insert into marts.indicator_value select * from marts.indicator_value {_ONE}",
            VALUE,
            "expect_compound_columns_to_be_unique",
            2,
        ),
        (
            f"update marts.indicator_value set status = 'tốt' {_ONE}",
            VALUE,
            "expect_column_values_to_be_in_set(status)",
            1,
        ),
        (
            "update marts.indicator_value set period_type = 'tuần'",
            VALUE,
            "expect_column_values_to_be_in_set(period_type)",
            8,
        ),
        (
            f"update marts.indicator_value set recorded_at = null {_ONE}",
            VALUE,
            "expect_column_values_to_not_be_null(recorded_at)",
            1,
        ),
        (
            "update marts.indicator set indicator_code = 'A' where indicator_code = 'B'",
            CATALOGUE,
            "expect_column_values_to_be_unique(indicator_code)",
            2,
        ),
        (
            "update marts.indicator set owner_agency = null where indicator_code = 'B'",
            CATALOGUE,
            "expect_column_values_to_not_be_null(owner_agency)",
            1,
        ),
        (
            "update marts.indicator_lineage set batch_id = null where unit_id like '33@%'",
            LINEAGE,
            "expect_column_values_to_not_be_null(batch_id)",
            4,
        ),
    ],
    ids=[
        "null value",
        "key twice",
        "status",
        "period type",
        "recorded at",
        "code twice",
        "no owner",
        "no batch",
    ],
)
def test_one_thing_wrong_fails_its_own_expectation(
    tmp_path: Path, change: str, mart: str, expectation: str, unexpected: int
) -> None:
    verdicts = accept_marts(marts(tmp_path / "build", change))
    assert failed(verdicts) == {(mart, expectation)}
    (verdict,) = [v for v in verdicts if not v.success]
    assert verdict.unexpected == unexpected


def test_too_few_indicators_are_refused(tmp_path: Path) -> None:
    build = marts(tmp_path / "build", "delete from marts.indicator where indicator_code = 'D'")
    assert failed(accept_marts(build)) == {(CATALOGUE, "expect_table_row_count_to_be_between")}


def test_an_indicator_without_any_value_is_no_reason_to_stop(tmp_path: Path) -> None:
    """A silent agency's indicators are empty on the first night: the province goes on."""
    changes = ("delete from marts.indicator_value", "delete from marts.indicator_lineage")
    assert failed(accept_marts(marts(tmp_path / "build", *changes))) == set()


@pytest.mark.parametrize("mart", [VALUE, CATALOGUE, LINEAGE])
def test_what_cannot_be_evaluated_is_an_error_of_ours(tmp_path: Path, mart: str) -> None:
    """A missing column is not a verdict on the data; the library would only say: failed."""
    column = {VALUE: "value", CATALOGUE: "name_vi", LINEAGE: "feed"}[mart]
    build = marts(tmp_path / "build", f"alter table marts.{mart} drop column {column}")
    with pytest.raises(AcceptanceEngineError, match=mart):
        accept_marts(build)


def test_a_missing_mart_is_an_error(tmp_path: Path) -> None:
    build = marts(tmp_path / "build", "drop table marts.indicator_lineage")
    with pytest.raises(duckdb.Error, match="indicator_lineage"):
        accept_marts(build)


def test_accepting_writes_nothing_and_leaves_the_file_free(tmp_path: Path) -> None:
    build = marts(tmp_path / "build")
    before = (build / "ioc.duckdb").read_bytes()
    accept_marts(build)
    assert (build / "ioc.duckdb").read_bytes() == before
    assert [path.name for path in build.iterdir()] == ["ioc.duckdb"]
    with duckdb.connect(str(build / "ioc.duckdb")) as connection:  # not locked
        connection.execute("create table marts.more as select 1 as x").fetchall()
