"""Planning files: what the register and the files say together, and bytes that come back."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

import pytest

from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e

FEED, REGISTER = "so_xay_dung/planning.document", "so_xay_dung/planning.plan"
KINDS = {"ban-ve", "thuyet-minh", "quyet-dinh"}


def good_files(first: First) -> list[Path]:
    """The department's files but for those that were planted to be refused."""
    refused = {row.file for row in first.key.feeds[FEED].refused}
    folder = first.province.sandbox / "so_xay_dung" / "ho-so-quy-hoach"
    return [
        path
        for path in sorted(folder.iterdir())
        if path.relative_to(first.province.sandbox).as_posix() not in refused
    ]


def test_every_good_file_is_listed_with_its_hash(first: First) -> None:
    files = good_files(first)
    assert len(files) > 200
    expected = [
        (path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    ]
    sql = "select file_name, size_bytes, sha256 from marts.planning_document order by 1"
    assert first.province.query(sql) == sorted(expected)


def test_the_bytes_of_a_file_come_back_as_they_were(first: First, tmp_path: Path) -> None:
    sql = (
        "select file_name, sha256 from marts.planning_document"
        " where document_kind = 'drawing' and is_registered order by 1 limit 1"
    )
    ((name, sha256),) = first.province.query(sql)
    target = tmp_path / "x.dxf"
    done = first.province.here("feed", "file", FEED, sha256, "--output", str(target))
    assert done.code == 0, done.err
    source = first.province.sandbox / "so_xay_dung" / "ho-so-quy-hoach" / name
    assert target.read_bytes() == source.read_bytes()


def test_a_plan_is_whole_with_drawing_explanation_and_decision(first: First) -> None:
    there = defaultdict(set)
    for path in good_files(first):
        plan, kind, _ = path.name.split("_")
        there[plan].add(kind)
    rows = first.province.query("select plan_code, is_whole from marts.planning_plan")
    assert len(rows) == first.key.feeds[REGISTER].rows_accepted > 50
    assert dict(rows) == {plan: there[plan] == KINDS for plan, _ in rows}
    assert {whole for _, whole in rows} == {True, False}


def test_the_rate_of_the_province_is_that_of_its_plans(first: First) -> None:
    sql = (
        "select sum(v.value * n.value) / sum(n.value) from marts.indicator_value as v"
        " join marts.indicator_value as n using (period_type, period_start, unit_id)"
        " join core.dim_admin_unit as u using (unit_id)"
        " where v.indicator_code = 'PLANS_DIGITISED_RATE' and n.indicator_code = 'PLANS_APPROVED'"
        " and period_type = 'month' and u.level = 'province'"
    )
    plans = "select 100 * avg(is_whole::int) from marts.planning_plan where unit_id is not null"
    assert first.province.query(sql)[0][0] == pytest.approx(first.province.query(plans)[0][0])
