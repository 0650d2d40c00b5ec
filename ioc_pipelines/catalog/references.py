"""Reference lists that contracts and feeds name, from the reviewed seeds of the dbt project."""

from __future__ import annotations

from pathlib import Path

import polars as pl


def load_admin_units(seeds: Path) -> pl.DataFrame:
    """All administrative units of the seed: code, names, level, province_code, validity."""
    frame = pl.read_csv(seeds / "admin_unit.csv", infer_schema=False)
    return frame.with_columns(pl.col("valid_from", "valid_to").str.to_date("%Y-%m-%d", strict=True))


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
