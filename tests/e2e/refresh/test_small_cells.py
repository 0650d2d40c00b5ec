"""Counts of persons: rows that may only be counted stay inside, and small cells are not shown."""

from __future__ import annotations

from collections import Counter

import duckdb
import pytest

from tests.e2e.province import FEEDS, SHOWN, staging_of, tables
from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e


def test_rows_that_may_only_be_counted_are_not_published(first: First) -> None:
    hidden = {staging_of(feed) for feed in FEEDS if feed not in SHOWN}
    assert len(hidden) >= 3
    assert not hidden & set(tables(first.province.published, ("staging",)))


def test_residents_are_shown_without_small_cells(first: First) -> None:
    """What is shown is what the rows say; what is hidden is small, or keeps something small."""
    with duckdb.connect() as connection:
        for name, path in (("ioc", "published/ioc"), ("work", "build/work")):
            file = first.province.home / f"{path}.duckdb"
            connection.execute(f"attach '{file}' as {name} (read_only)").fetchall()
        sql = (
            "select m.people, m.suppression, {said}"
            " from ioc.marts.resident_by_commune as m"
            " join ioc.core.dim_admin_unit as u using (unit_id)"
            " join work.staging.population__resident_by_commune as r"
            " on r.commune_code = u.code and r.period = strftime(m.period_start, '%Y-%m')"
            " where m.breakdown = '{breakdown}' and m.category = '{category}'"
        )
        counted = Counter[str]()
        for breakdown, category, said in (
            ("total", "total", "residents"),
            ("ethnic_group", "thai", "ethnic_thai"),
            ("religion", "protestant", "protestant"),
            ("religion", "none", "residents - buddhist - catholic - protestant - other_religion"),
            ("id_card", "without_card", "residents - id_cards"),
            ("births", "births", "births"),
        ):
            found = connection.execute(
                sql.format(breakdown=breakdown, category=category, said=said)
            ).fetchall()
            assert len(found) > 1000
            for people, why, true in found:
                assert (people is None) == (why is not None)
                assert people in (None, true)
                assert (why == "small") == (1 <= true <= 4)
                counted[why or "shown"] += 1
    assert min(counted[why] for why in ("shown", "small", "complement")) > 100
