from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ioc_pipelines.catalog.references import indicator_lists, load_admin_units, reference_lists
from ioc_pipelines.home import DBT_PROJECT

CSV = """code,name,level,province_code,valid_from,valid_to
01,Hà Nội,province,,2025-07-01,
33,Hưng Yên,province,,2025-07-01,
34,Thái Bình,province,,2003-01-01,2025-06-30
00001,Ba Đình,commune,01,2025-07-01,
12001,Phố Hiến,commune,33,2025-07-01,
12002,Sơn Nam,commune,33,2025-07-01,
11983,Lam Sơn,commune,33,2003-01-01,2025-06-30
323,Hưng Yên,district,33,2003-01-01,2025-06-30
"""


@pytest.fixture
def units(tmp_path: Path) -> pl.DataFrame:
    (tmp_path / "admin_unit.csv").write_text(CSV, encoding="utf-8")
    return load_admin_units(tmp_path)


def test_codes_are_text_and_dates_are_dates(units: pl.DataFrame) -> None:
    assert units["code"].to_list()[:4] == ["01", "33", "34", "00001"]
    assert units["valid_from"].to_list()[2] == date(2003, 1, 1)
    assert units["valid_to"].null_count() == 5


@pytest.mark.parametrize(
    ("province", "communes"),
    [("33", ["12001", "12002"]), (None, ["00001", "12001", "12002"]), ("99", [])],
)
def test_only_what_is_in_force_and_of_the_province(
    units: pl.DataFrame, province: str | None, communes: list[str]
) -> None:
    lists = reference_lists(units, province)
    assert lists["admin_unit.commune"].to_list() == communes
    assert lists["admin_unit.province"].to_list() == ["01", "33"]


def test_the_seed_of_the_project() -> None:
    lists = reference_lists(load_admin_units(DBT_PROJECT / "seeds"), "33")
    assert {name: codes.len() for name, codes in lists.items()} == {
        "admin_unit.commune": 104,
        "admin_unit.province": 34,
    }
    assert lists["admin_unit.commune"].str.contains(r"^\d{5}$").all()


def test_an_indicator_is_supplied_in_one_way() -> None:
    """A18, H73: what is derived or fed automatically may not be entered by hand."""
    lists = indicator_lists(DBT_PROJECT / "seeds")
    ways = [set(lists[f"indicator.{way}"]) for way in ("automatic", "derived", "by_hand")]
    assert len(lists["indicator.code"]) == sum(map(len, ways)) >= 80
    assert set(lists["indicator.code"]) == set().union(*ways)
    assert {"TRADE_BALANCE"} <= ways[1]
    assert {"GRDP_GROWTH"} <= ways[2]
