"""Reference lists that contracts and feeds name, from the reviewed seeds of the dbt project."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

LAST_OF_THREE_TIERS = date(2025, 6, 30)


def load_admin_units(seeds: Path) -> pl.DataFrame:
    """All administrative units of the seed: code, names, level, province_code, validity."""
    frame = pl.read_csv(seeds / "admin_unit.csv", infer_schema=False)
    return frame.with_columns(pl.col("valid_from", "valid_to").str.to_date("%Y-%m-%d", strict=True))


def units_on(seeds: Path, day: date) -> pl.DataFrame:
    """The units in force on a day, as `core.dim_admin_unit` has them from the seeds alone.

    Columns ``unit_id, code, full_name, parent_code`` (null of a province). Of districts and
    communes before the reform the list of its eve is known; they have the days of their province.
    """
    open_ended = pl.col("valid_to").is_null() | (pl.col("valid_to") >= day)
    known = load_admin_units(seeds)
    of_seed = known.filter((pl.col("valid_from") <= day) & open_ended).with_columns(
        pl.col("province_code").alias("parent_code")
    )
    tiers = [of_seed]
    if day <= LAST_OF_THREE_TIERS:
        parts = pl.read_csv(seeds / "admin_unit_three_tiers.csv", infer_schema=False)
        above = of_seed.filter(pl.col("province_code").is_null() & _on_the_eve())
        for digits in (3, 5):
            above = parts.filter(pl.col("code").str.len_chars() == digits).join(
                above.select(pl.col("code").alias("parent_code"), "valid_from"), on="parent_code"
            )
            tiers.append(above)
    columns = ("code", "full_name", "parent_code", "valid_from")
    units = pl.concat(tier.select(columns) for tier in tiers)
    unit_id = pl.format("{}@{}", "code", "valid_from").alias("unit_id")
    return units.select(unit_id, "code", "full_name", "parent_code")


def _on_the_eve() -> pl.Expr:
    """Provinces in the form they had on the last day of three tiers."""
    return pl.col("valid_to").is_null() | (pl.col("valid_to") >= LAST_OF_THREE_TIERS)


def reference_lists(units: pl.DataFrame, province_code: str | None) -> dict[str, pl.Series]:
    """Codes in force by reference name; communes of the profile's province when it has one."""
    return {
        name: spans.filter(pl.col("valid_to").is_null())["code"]
        for name, spans in reference_validity(units, province_code).items()
    }


def reference_validity(units: pl.DataFrame, province_code: str | None) -> dict[str, pl.DataFrame]:
    """``code, valid_from, valid_to`` (last valid day, null while in force) by reference name."""
    is_of_level = {level: pl.col("level") == level for level in ("commune", "province")}
    if province_code:
        is_of_level["commune"] &= pl.col("province_code") == province_code
    return {
        f"admin_unit.{level}": units.filter(chosen).select("code", "valid_from", "valid_to")
        for level, chosen in is_of_level.items()
    }


def name_lists(seeds: Path) -> set[str]:
    """Names of the reviewed lists of names."""
    listed = pl.read_csv(seeds / "name_spelling.csv", columns=["name_list"], infer_schema=False)
    return {"province", *listed["name_list"]}


def load_spellings(seeds: Path, units: pl.DataFrame) -> dict[str, list[tuple[str, str]]]:
    """The reviewed lists of names: of each list, every spelling with the name it stands for.

    ``province`` has the names of all provinces since 2003; what agencies spell otherwise, and the
    lists of other bodies, stand in ``name_spelling.csv``.
    """
    provinces = units.filter(pl.col("level") == "province")["name"].unique().sort()
    lists = {"province": [(name, name) for name in provinces]}
    for row in pl.read_csv(seeds / "name_spelling.csv", infer_schema=False).iter_rows(named=True):
        known = lists.setdefault(row["name_list"], [])
        known += [(row["name"], row["name"]), (row["spelling"], row["name"])]
    return lists


def indicator_lists(seeds: Path) -> dict[str, pl.Series]:
    """Codes of the indicators in force: ``indicator.code``, and those of each way of supply."""
    catalogue = pl.read_csv(seeds / "indicator_catalogue.csv", infer_schema=False)
    in_force = catalogue.filter(pl.col("valid_to").is_null())
    lists = {"indicator.code": in_force["indicator_code"]}
    for supply in ("automatic", "derived", "by_hand"):
        chosen = in_force.filter(pl.col("supply") == supply)
        lists[f"indicator.{supply}"] = chosen["indicator_code"]
    return lists


def alert_filters(seeds: Path) -> dict[str, set[str]]:
    """What alerts can be chosen by: ``scenarios``, and ``agencies`` that own an indicator."""
    scenarios = pl.read_csv(seeds / "scenario.csv", infer_schema=False)
    catalogue = pl.read_csv(seeds / "indicator_catalogue.csv", infer_schema=False)
    return {
        "scenarios": set(scenarios["scenario_code"]),
        "agencies": set(catalogue["owner_agency"]),
    }
