from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from contracts.base import KEY_UNIQUE
from ioc_pipelines.sandbox.defects import (
    NOTHING,
    UNKNOWN_COMMUNE,
    Defect,
    Share,
    moved,
    plant,
)
from ioc_pipelines.sandbox.world import World, number

DAYS, A_DAY = 60, 50


def _good(world: World, days: int = DAYS) -> pl.DataFrame:
    first = number(world.as_of) - days
    places = pl.DataFrame({"block": range(first, first + days)}).join(
        pl.DataFrame({"nth": range(A_DAY)}), how="cross"
    )
    return places.with_columns(
        key=pl.format("{}-{}", "block", "nth"),
        group=pl.when(pl.col("nth") % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b")),
        value=pl.lit("1"),
    )


MIN = Defect("correct.min", "value", {"value": pl.lit("-1")})
EMPTY = Defect("complete.required", "value", {"value": NOTHING})
STAYS = Share(spoilt=0.1, mended=False)


def test_a_spoilt_row_stays_in_place_and_is_marked(world: World) -> None:
    good = _good(world)
    planted = plant(good, [EMPTY], STAYS, feed="f", world=world)
    assert planted["key"].to_list() == good["key"].to_list()
    spoilt = planted.filter(pl.col("value").is_null())
    assert 200 < spoilt.height < 400
    assert spoilt.equals(planted.filter(rule="complete.required", column="value"))


def test_a_row_can_be_wrong_in_two_cells(world: World) -> None:
    both = Defect(
        "correct.min",
        "value",
        {"value": pl.lit("-1"), "group": NOTHING},
        also=("complete.required", "group"),
    )
    planted = plant(_good(world), [both, EMPTY], STAYS, feed="f", world=world)
    spoilt = planted.filter(pl.col("group").is_null())
    assert spoilt.height > 100
    marks = ("rule", "column", "also_rule", "also_column")
    assert set(spoilt.select(marks).rows()) == {
        ("correct.min", "value", "complete.required", "group")
    }
    assert planted.filter(pl.col("also_rule").is_not_null()).height == spoilt.height


def test_kinds_take_turns(world: World) -> None:
    planted = plant(_good(world), [MIN, EMPTY], STAYS, feed="f", world=world)
    low, empty = (planted.filter(rule=d.rule).height for d in (MIN, EMPTY))
    assert low - empty in {0, 1}
    assert low > 100


def test_a_duplicate_follows_the_row_it_repeats_and_is_good(world: World) -> None:
    share = Share(spoilt=0.1, copied=0.05, mended=False)
    planted = plant(_good(world), [MIN], share, feed="f", world=world)
    copies = planted.with_columns(pl.col("key").shift().alias("before")).filter("duplicate")
    assert copies.height == planted.height - DAYS * A_DAY
    assert 75 < copies.height < 225
    assert (copies["key"] == copies["before"]).all()
    assert copies["rule"].null_count() == copies.height


def test_a_key_conflict_refuses_both_rows(world: World) -> None:
    twice = Defect(KEY_UNIQUE, None, {"value": pl.lit("2")})
    planted = plant(_good(world), [twice], STAYS, feed="f", world=world)
    refused = planted.filter(rule=KEY_UNIQUE)
    assert refused.height == 2 * refused["key"].n_unique() > 400
    assert refused["value"].to_list() == ["1", "2"] * (refused.height // 2)


def test_one_per_group_and_where(world: World) -> None:
    one = replace(MIN, one_per="group")
    planted = plant(_good(world), [one], Share(0.5, mended=False), feed="f", world=world)
    spoilt = planted.filter(rule="correct.min")
    a_day = spoilt.with_columns(pl.col("key").str.split("-").list.first().alias("day"))
    assert a_day.group_by("day", "group").len()["len"].max() == 1
    assert spoilt.height == 2 * DAYS
    only = replace(MIN, where=pl.col("group") == "b")
    planted = plant(_good(world), [only], STAYS, feed="f", world=world)
    assert planted.filter(rule="correct.min")["group"].unique().to_list() == ["b"]


def test_unknown_communes_are_well_formed_and_differ_within_a_day(world: World) -> None:
    unknown = Defect("correct.reference", "group", {"group": UNKNOWN_COMMUNE})
    planted = plant(_good(world), [unknown], STAYS, feed="f", world=world)
    codes = planted.filter(rule="correct.reference")
    assert codes["group"].str.contains(r"^99\d{3}$").all()
    day = pl.col("key").str.split("-").list.first()
    assert codes.select(day.alias("day"), "group").is_duplicated().sum() == 0


@pytest.mark.parametrize("days", [1, 7, 40])
def test_time_adds_rows_mends_some_and_leaves_the_rest(world: World, days: int) -> None:
    """What a later day shows of the rows of an earlier one is the same, or put right."""
    share = Share(spoilt=0.1, copied=0.05)
    good = _good(world)
    later_world = World(
        world.communes, world.seed, world.opened_on, world.as_of + timedelta(days=days)
    )
    before = plant(good, [MIN, EMPTY], share, feed="f", world=world)
    longer = _good(later_world, DAYS + days)
    after = plant(longer, [MIN, EMPTY], share, feed="f", world=later_world)
    one = before.filter(~pl.col("duplicate")).select("key", "value")
    other = after.filter(~pl.col("duplicate")).select("key", "value", "mended_on")
    both = one.join(other, on="key", suffix="_after")
    assert both.height == good.height
    changed = both.filter(pl.col("value").ne_missing(pl.col("value_after")))
    assert changed.height > 0
    assert (changed["value_after"] == "1").all()
    assert changed["mended_on"].is_between(number(world.as_of), later_world.now - 1).all()


def test_moved_keeps_the_form() -> None:
    days = pl.DataFrame({"day": ["29/02/2024", "31/10/2026"]})
    form = "%d/%m/%Y"
    assert days.select(moved("day", "-3y", form))["day"].to_list() == ["28/02/2021", "31/10/2023"]


def test_the_world_goes_back_two_years(world: World) -> None:
    assert world.first_day == date(2024, 11, 1)
    assert (world.months[0], world.months[-1]) == (date(2024, 11, 1), date(2026, 10, 1))
    assert len(world.months) == 24
    assert (world.mondays[0], world.mondays[-1]) == (date(2024, 11, 4), date(2026, 11, 9))
    assert (world.days[0], world.days[-1] + 1) == (number(date(2024, 11, 1)), world.now)
