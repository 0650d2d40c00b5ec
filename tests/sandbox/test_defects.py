from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from contracts.base import KEY_UNIQUE
from ioc_pipelines.sandbox.defects import NOTHING, UNKNOWN_COMMUNE, Defect, moved, plant

GOOD = pl.DataFrame(
    {"key": [f"k{i:02d}" for i in range(20)], "group": ["a", "b"] * 10, "value": ["1"] * 20}
)


def _plant(*defects: Defect, duplicates: int = 0) -> pl.DataFrame:
    return plant(GOOD, defects, duplicates=duplicates, rng=np.random.default_rng(1))


def test_a_planted_row_stays_in_place_and_is_marked() -> None:
    planted = _plant(Defect("complete.required", "value", 3, {"value": NOTHING}))
    assert planted["key"].to_list() == GOOD["key"].to_list()
    spoilt = planted.filter(pl.col("value").is_null())
    assert spoilt.height == 3
    assert spoilt.equals(planted.filter(rule="complete.required", column="value"))


def test_no_row_is_spoilt_twice() -> None:
    planted = _plant(
        Defect("correct.min", "value", 8, {"value": pl.lit("-1")}),
        Defect("complete.required", "value", 8, {"value": NOTHING}),
        duplicates=4,
    )
    assert planted["rule"].value_counts().sort("rule").rows() == [
        (None, 8),
        ("complete.required", 8),
        ("correct.min", 8),
    ]
    assert planted.filter("duplicate")["rule"].null_count() == 4


def test_a_duplicate_follows_the_row_it_repeats() -> None:
    planted = _plant(duplicates=5)
    assert planted.height == 25
    pairs = planted.with_columns(pl.col("key").shift().alias("before")).filter("duplicate")
    assert (pairs["key"] == pairs["before"]).all()


def test_a_key_conflict_refuses_both_rows() -> None:
    planted = _plant(Defect(KEY_UNIQUE, None, 2, {"value": pl.lit("2")}))
    refused = planted.filter(rule=KEY_UNIQUE)
    assert planted.height == 22
    assert refused["key"].n_unique() == 2
    assert refused["value"].to_list() == ["1", "2", "1", "2"]


def test_one_per_group_and_where() -> None:
    defect = Defect("correct.enum", "value", 2, {"value": pl.lit("x")}, one_per="group")
    assert _plant(defect).filter(value="x")["group"].sort().to_list() == ["a", "b"]
    only = Defect("correct.enum", "value", 5, {"value": pl.lit("x")}, where=pl.col("group") == "b")
    assert _plant(only).filter(value="x")["group"].unique().to_list() == ["b"]


def test_too_few_fit_rows_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"3 rows wanted for correct\.enum, only 2 are fit"):
        _plant(Defect("correct.enum", "value", 3, one_per="group"))


def test_unknown_communes_are_well_formed_and_differ() -> None:
    planted = _plant(Defect("correct.reference", "key", 3, {"key": UNKNOWN_COMMUNE}))
    codes = planted.filter(rule="correct.reference")["key"].sort().to_list()
    assert codes == ["99001", "99002", "99003"]


def test_moved_keeps_the_form() -> None:
    days = pl.DataFrame({"day": ["29/02/2024", "31/10/2026"]})
    form = "%d/%m/%Y"
    assert days.select(moved("day", "-3y", form))["day"].to_list() == ["28/02/2021", "31/10/2023"]
