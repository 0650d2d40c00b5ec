"""``ioc query`` asks the published file, and nothing but asks."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ioc_pipelines import cli_query
from ioc_pipelines.cli import app
from ioc_pipelines.home import Home
from tests.serving.portal.small import put

VALUES = "select indicator_code, value, period_start from marts.indicator_value order by all"


@pytest.fixture
def published(own_home: Path) -> None:
    put(Home("hung_yen", own_home / "hung_yen"))


def run(*arguments: str, stdin: str | None = None) -> Any:
    return CliRunner().invoke(app, ["query", *arguments], input=stdin)


@pytest.mark.usefixtures("published")
def test_rows_as_json() -> None:
    rows = json.loads(run(VALUES, "--json").stdout)
    assert len(rows) == 5
    assert rows[0] == {"indicator_code": "HOSTILE", "value": -2.0, "period_start": "2026-10-01"}
    assert json.loads(run("select 1 where false", "--json").stdout) == []
    odd = run("select 'nan'::double as a, 1.5::decimal(3,1) as b, 'Ân' as c", "--json").stdout
    assert json.loads(odd) == [{"a": None, "b": 1.5, "c": "Ân"}]


@pytest.mark.usefixtures("published")
def test_rows_as_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(run(VALUES, "--csv").stdout)))
    assert [row["value"] for row in rows][:1] == ["-2.0"]
    assert len(rows) == 5


@pytest.mark.usefixtures("published")
def test_a_table_for_people_and_a_question_on_stdin() -> None:
    assert "Tỷ lệ đúng hạn" in run("select name_vi from marts.indicator").stdout
    assert "Tỷ lệ đúng hạn" in run(stdin="select name_vi from marts.indicator;\n").stdout


@pytest.mark.usefixtures("published")
def test_the_macros_are_there() -> None:
    sql = "select feature_id from marts.features_within_radius(106.05, 20.55, 100)"
    rows = json.loads(run(sql, "--json").stdout)
    assert {row["feature_id"] for row in rows} == {"HT-A", "00001@2025-07-01"}


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("selec 1", "syntax error"),
        ("select nothing", "nothing"),
        ("create table marts.x as select 1", "read-only"),
        ("delete from marts.indicator", "read-only"),
    ],
)
def test_what_cannot_be_asked_says_why(sql: str, why: str) -> None:
    done = run(sql)
    assert done.exit_code == 1
    assert why in done.stderr
    assert done.stdout == ""


@pytest.mark.usefixtures("published")
def test_wrong_usage() -> None:
    assert run(VALUES, "--json", "--csv").exit_code == 2
    assert run(" ; ").exit_code == 2


def test_before_the_first_refresh() -> None:
    done = run("select 1")
    assert done.exit_code == 1
    assert "ioc refresh" in done.stderr


@pytest.mark.usefixtures("published")
def test_the_shell_goes_on_after_an_error_and_ends_when_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = iter(
        ["selec;", "select name_vi", "from marts.indicator;", "\\d marts.indicator", "\\q"]
    )
    monkeypatch.setattr(cli_query, "_line", lambda _: f"{next(lines)}\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    cli_query.query(None, None, as_json=False, as_csv=False)
    said = capsys.readouterr()
    assert "syntax error" in said.err
    assert "Tỷ lệ đúng hạn" in said.out
    assert "indicator_code" in said.out
