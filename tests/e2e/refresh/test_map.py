"""The map is published, and asked of the file that is published (H26, H33, H39)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ioc_pipelines.home import PROJECT
from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e

ASSETS, POINTS = "so_xay_dung/infrastructure.asset", "so_nnmt/map.point_of_interest"


def asked(first: First, *arguments: str) -> list[dict[str, Any]]:
    done = first.province.here("map", *arguments, "--json")
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def test_each_commune_has_one_boundary(first: First) -> None:
    rows = first.province.query(
        "select count(*), count(distinct unit_id), count(distinct edition_start) > 1"
        " from marts.commune_boundary"
    )
    # a boundary that is refused in the newest edition is that of the one before
    assert rows == [(104, 104, True)]
    missing = first.province.query(
        "select unit_id from core.dim_admin_unit"
        " where level = 'commune' and is_current and province_code = '33'"
        " and unit_id not in (select unit_id from marts.commune_boundary)"
    )
    assert missing == []


def test_all_that_was_accepted_lies_in_the_province(first: First) -> None:
    for feed, layer in ((ASSETS, "infrastructure_asset"), (POINTS, "point_of_interest")):
        found = asked(first, "within", "Tỉnh Hưng Yên", "--layer", layer)
        assert len(found) == first.key.feeds[feed].rows_accepted > 1_000
        assert {row["unit_id"] for row in found} <= {
            unit for (unit,) in first.province.query("select unit_id from marts.commune_boundary")
        }


def test_a_point_lies_in_the_commune_that_its_agency_names(first: First) -> None:
    points = first.province.query(
        "select unit_id, west, south from marts.map_feature"
        " where geometry_type = 'Point' order by feature_id limit 20"
    )
    for unit, lon, lat in points:
        areas = asked(first, "at", str(lon), str(lat), "--layer", "commune_boundary")
        assert [row["feature_id"] for row in areas] == [unit]
        near = asked(first, "within-radius", str(lon), str(lat), "1")
        assert 0 in {row["distance_m"] for row in near}


def test_the_questions_come_with_a_copy_of_the_file(first: First) -> None:
    done = first.province.here("snapshots", "verify", first.province.published_id())
    assert done.code == 0
    rows = first.province.query("from marts.features_within_radius(106.3, 20.6, 3000)")
    assert len(rows) > 5


def test_the_guide_s_questions_have_answers(first: First) -> None:
    guide = (PROJECT / "docs" / "analysts.md").read_text(encoding="utf-8")
    asked_there = guide.partition("## Questions about the map")[2]
    (block,) = re.findall(r"```sql\n(.*?)```", asked_there, re.DOTALL)
    questions = [text for text in block.split(";\n") if text.strip()]
    assert len(questions) == 3
    for question in questions:
        assert first.province.query(question), question
