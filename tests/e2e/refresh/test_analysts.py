"""The questions of docs/analysts.md, asked of what is published, as they stand there."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import pytest

from ioc_pipelines.home import PROJECT
from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e

PAGE = (PROJECT / "docs" / "analysts.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"`(select [^`]+)`", PAGE) + re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
# a numbered question with the first of its queries
_QUESTION = re.compile(r"^\*\*(\d+)\. ([^\n]+?)\*\*\n.*?```sql\n(.+?)```", re.MULTILINE | re.DOTALL)
QUESTIONS = {int(number): (title, sql) for number, title, sql in _QUESTION.findall(PAGE)}


def asked(first: First, number: int) -> list[Any]:
    return first.province.query(QUESTIONS[number][1])


def test_every_query_of_the_page_runs(first: First) -> None:
    assert len(QUERIES) > 25
    with duckdb.connect(str(first.province.published), read_only=True) as connection:
        for query in QUERIES:
            assert connection.sql(query).columns, query


def test_there_are_twelve_questions_and_more() -> None:
    assert sorted(QUESTIONS) == list(range(1, 14))


@pytest.mark.parametrize("number", sorted(QUESTIONS))
def test_a_question_is_answered(first: First, number: int) -> None:
    assert asked(first, number), QUESTIONS[number][0]


def test_what_is_known_now_is_what_is_published(first: First) -> None:
    rows = asked(first, 10)
    sql = (
        "select period_start, value from marts.indicator_value"
        " where indicator_code = 'VISITORS' and period_type = 'month' order by 1 desc"
    )
    assert [(row[0], row[1]) for row in rows] == first.province.query(sql)
    assert all(row[1] == row[4] and row[3] is None for row in rows)


def test_the_year_so_far_is_the_sum_of_its_months(first: First) -> None:
    rows = sorted(asked(first, 11))
    years = {row[0].year for row in rows if row[0].month == 1}
    assert years
    for year in years:
        months = [row for row in rows if row[0].year == year]
        assert months[-1][2] == pytest.approx(sum(row[1] for row in months), abs=0.1 * len(months))


def test_those_to_be_reminded_have_refused_rows_and_an_open_month(first: First) -> None:
    """On a first night nothing is late; every agency's month waits for its head."""
    said = {}
    for agency, _, what in asked(first, 13):
        said.setdefault(agency, []).append(what)
    with_refused = {
        feed.split("/")[0] for feed, row in first.status.items() if row["rows_quarantined"]
    }
    assert len(with_refused) > 5
    for agency in with_refused:
        assert any("refused rows of" in what for what in said[agency]), agency
        assert any(what.startswith("sign-off of ") for what in said[agency]), agency
