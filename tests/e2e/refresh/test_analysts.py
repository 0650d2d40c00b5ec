"""What the page for analysts tells them to ask is answered by the published file."""

from __future__ import annotations

import re

import duckdb
import pytest

from ioc_pipelines.home import PROJECT
from tests.e2e.refresh.first_night import First

PAGE = (PROJECT / "docs" / "analysts.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"`(select [^`]+)`", PAGE) + re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)

pytestmark = pytest.mark.e2e


def test_every_query_of_the_page_runs(first: First) -> None:
    assert len(QUERIES) > 25
    with duckdb.connect(str(first.province.published), read_only=True) as connection:
        for query in QUERIES:
            columns = connection.sql(query).columns
            assert columns, query
