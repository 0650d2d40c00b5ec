"""Administrative units over time: the models over the reviewed seeds (H01, H11, L01).

Expected numbers are those of the resolutions and of the statistics office's own lists; see
docs/adr/0011-administrative-units.md.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from tests.warehouse.unit_models import SEEDS, built, rebased

ON = "between valid_from and coalesce(valid_to, date '9999-12-31')"
OLD_HUNG_YEN, THAI_BINH, NEW_HUNG_YEN = "33@2003-01-01", "34@2003-01-01", "33@2025-07-01"
BEFORE, AFTER = "\"date '2024-12-01'\"", "\"date '2025-07-01'\""


@pytest.fixture(scope="module")
def units() -> Iterator[duckdb.DuckDBPyConnection]:
    with built() as connection:
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        ("2025-06-30", {"province": 63, "district": 696, "commune": 10035}),
        ("2025-07-01", {"province": 34, "commune": 3321}),
        ("2026-11-20", {"province": 34, "commune": 3321}),
    ],
)
def test_number_of_units_on_a_day(
    units: duckdb.DuckDBPyConnection, day: str, counts: dict[str, int]
) -> None:
    found = ask(
        units,
        f"select level, count(*) from dim_admin_unit where date '{day}' {ON} group by level",
    )
    assert dict(found) == counts


def test_codes_repeat_and_unit_ids_do_not(units: duckdb.DuckDBPyConnection) -> None:
    ((rows, ids, codes, reused),) = ask(
        units,
        "select count(*), count(distinct unit_id), count(distinct code), ("
        " select count(*) from dim_admin_unit as n join dim_admin_unit as o using (code)"
        " where n.level = 'commune' and n.is_current and not o.is_current) from dim_admin_unit",
    )
    assert rows == ids == 92 + 696 + 10035 + 3321
    assert codes < rows
    assert reused > 3200  # nearly every commune of today bears the code of another


def test_every_unit_has_a_name_and_a_kind(units: duckdb.DuckDBPyConnection) -> None:
    assert ask(units, "select code from dim_admin_unit where name is null or name = ''") == []
    odd = "select code from dim_admin_unit where full_name <> unit_type || ' ' || name"
    assert ask(units, odd) == []


def test_every_unit_lies_in_one_that_was_there_all_its_days(
    units: duckdb.DuckDBPyConnection,
) -> None:
    above = {"commune": {"district", "province"}, "district": {"province"}, "province": {None}}
    rows = ask(
        units,
        "select u.level, p.level, u.valid_from >= p.valid_from"
        " and coalesce(u.valid_to, date '9999-12-31') <= coalesce(p.valid_to, date '9999-12-31'),"
        " count(*) from dim_admin_unit as u"
        " left join dim_admin_unit as p on p.unit_id = u.parent_unit_id group by all",
    )
    assert {(level, parent) for level, parent, *_ in rows} == {
        (level, parent) for level, parents in above.items() for parent in parents
    }
    assert {within for _, parent, within, _ in rows if parent} == {True}
    provinces = ask(
        units,
        "select count(*) from dim_admin_unit as u join dim_admin_unit as p"
        " on p.unit_id = u.province_unit_id and p.level = 'province'",
    )
    assert provinces == ask(units, "select count(*) from dim_admin_unit")


def test_old_wards_that_went_to_several_are_471(units: duckdb.DuckDBPyConnection) -> None:
    rows = ask(
        units,
        "select o.level, s.weight_basis, s.is_split, count(distinct old_unit_id), count(*)"
        " from admin_unit_successor as s join dim_admin_unit as o on o.unit_id = s.old_unit_id"
        " where s.effective_date = date '2025-07-01' group by all order by all",
    )
    assert rows == [
        ("commune", "equal_share", True, 471, 1033),
        ("commune", "whole", False, 9564, 9564),
        ("district", "whole", False, 5, 5),  # islands without communes: now special zones
        ("province", "whole", False, 52, 52),
    ]


def test_what_each_old_unit_gives_sums_to_one(units: duckdb.DuckDBPyConnection) -> None:
    sums = ask(units, "select sum(weight) from admin_unit_successor group by old_unit_id")
    assert len(sums) > 10_000
    assert {round(total, 9) for (total,) in sums} == {1.0}


def test_code_86_has_8_divided_communes_and_keeps_its_total(
    units: duckdb.DuckDBPyConnection,
) -> None:
    """Vĩnh Long: with Bến Tre and Trà Vinh. Each commune has its own, odd figure."""
    divided = ask(
        units,
        "select distinct o.full_name from admin_unit_successor as s"
        " join dim_admin_unit as o on o.unit_id = s.old_unit_id"
        " join dim_admin_unit as n on n.unit_id = s.new_unit_id"
        " where s.is_split and n.level = 'commune' and n.province_code = '86' order by all",
    )
    assert [name for (name,) in divided] == [
        "Phường Cái Vồn",
        "Phường Thành Phước",
        "Thị trấn Tam Bình",
        "Thị trấn Trà Ôn",
        "Xã Hòa Lộc",
        "Xã Mỹ An",
        "Xã Ngãi Tứ",
    ]  # two of the eight are called Hòa Lộc
    units.execute(
        "create or replace temp table figure as select unit_id, 'x' as k,"
        " cast(7 * row_number() over (order by code) as double) as value, true as is_additive"
        " from dim_admin_unit where level = 'commune' and valid_to = date '2025-06-30'"
        " and province_code in ('86', '83', '84')"
    )
    ((own, total),) = ask(units, "select count(*), sum(value) from figure")
    rows = rebased(
        units,
        f"rebased('figure', {AFTER}, ['k'])",
        "unit_id, value, rebasing, is_estimated, allocation, is_partial",
    )
    assert own == 354
    assert len(rows) == 124
    assert sum(value for _, value, *_ in rows) == pytest.approx(total, rel=1e-12)
    assert {rest for *_, rest in rows} == {False}
    marked = {unit for unit, _, how, estimated, text, _ in rows if estimated}
    assert marked == {
        unit for unit, _, how, _, text, _ in rows if (how, text) == ("estimated", "cần phân bổ")
    }
    targets = ask(
        units,
        "select distinct s.new_unit_id from admin_unit_successor as s"
        " where s.is_split and s.old_unit_id in (select unit_id from figure)",
    )
    assert marked == {unit for (unit,) in targets}
    assert len(divided) < len(marked) <= 17


def test_the_whole_country_keeps_its_total(units: duckdb.DuckDBPyConnection) -> None:
    """Every commune of 2025-06-30 arrives, by a straight reading of the seeds."""
    with (SEEDS / "admin_unit_succession.csv").open(encoding="utf-8") as file:
        went_to: defaultdict[str, list[str]] = defaultdict(list)
        for row in csv.DictReader(file):
            if len(row["old_code"]) == 5:
                went_to[row["old_code"]].append(row["new_code"])
    wanted: defaultdict[str, float] = defaultdict(float)
    for old, news in went_to.items():
        for new in news:
            wanted[f"{new}@2025-07-01"] += int(old) / len(news)
    units.execute(
        "create or replace temp table figure as select unit_id, 'x' as k,"
        " cast(code as double) as value, true as is_additive"
        " from dim_admin_unit where level = 'commune' and valid_to = date '2025-06-30'"
    )
    rows = rebased(units, f"rebased('figure', {AFTER}, ['k'])", "unit_id, value")
    assert len(went_to) == 10035
    assert dict(rows) == {unit: pytest.approx(value) for unit, value in wanted.items()}


def figures(connection: duckdb.DuckDBPyConnection, *rows: tuple[str, float, bool]) -> None:
    told = ", ".join(f"('{unit}', {value}, {additive}, 'x')" for unit, value, additive in rows)
    connection.execute(
        "create or replace temp table figure as"
        f" select * from (values {told}) as v(unit_id, value, is_additive, k)"
    )


SHOWN = "unit_id, value, rebasing, is_partial"


def test_old_and_new_hung_yen_are_two_units(units: duckdb.DuckDBPyConnection) -> None:
    """The investment of December 2024, in million USD, as the statistics office has it."""
    figures(units, (OLD_HUNG_YEN, 1406.3, True), (THAI_BINH, 1136.0, True))
    of_its_time = rebased(units, f"rebased('figure', {BEFORE}, ['k'])", SHOWN)
    assert [(unit, float(value), how) for unit, value, how, _ in of_its_time] == [
        (OLD_HUNG_YEN, 1406.3, "as_reported"),
        (THAI_BINH, 1136.0, "as_reported"),
    ]
    ((unit, value, how, partial),) = rebased(units, f"rebased('figure', {AFTER}, ['k'])", SHOWN)
    assert (unit, how, partial) == (NEW_HUNG_YEN, "exact", False)
    assert value == pytest.approx(2542.3)


def test_a_part_that_is_missing_is_told(units: duckdb.DuckDBPyConnection) -> None:
    figures(units, (OLD_HUNG_YEN, 1406.3, True))
    ((unit, _, how, partial),) = rebased(units, f"rebased('figure', {AFTER}, ['k'])", SHOWN)
    assert (unit, how, partial) == (NEW_HUNG_YEN, "exact", True)


def test_a_rate_of_two_provinces_is_no_rate_of_one(units: duckdb.DuckDBPyConnection) -> None:
    hue, renamed = "46@2003-01-01", "46@2025-01-01"
    figures(units, (OLD_HUNG_YEN, 90, False), (THAI_BINH, 80, False), (hue, 70, False))
    rows = rebased(units, f"rebased('figure', {AFTER}, ['k'])", "unit_id, value, rebasing")
    assert rows == [(NEW_HUNG_YEN, None, "not_additive"), (renamed, 70, "exact")]


def test_back_in_time_nothing_is_guessed(units: duckdb.DuckDBPyConnection) -> None:
    """Đắk Nông was all part of Đắk Lắk; what of new Hưng Yên is Thái Bình's, nobody said."""
    dak_nong, dak_lak = "67@2004-01-01", "66@2003-01-01"
    figures(units, (NEW_HUNG_YEN, 5, True), (dak_nong, 3, True), ("66@2004-01-01", 4, True))
    in_2003 = "\"date '2003-06-01'\""
    rows = rebased(
        units, f"rebased('figure', {in_2003}, ['k'])", "unit_id, value, rebasing, allocation"
    )
    assert rows == [
        (NEW_HUNG_YEN, 5, "not_rebased", "cần phân bổ"),
        (dak_lak, 7, "exact", None),
    ]


def test_two_figures_of_one_half_year_are_of_two_scopes(
    units: duckdb.DuckDBPyConnection,
) -> None:
    """LAW.md B.5: the Quảng Ngãi of before the reform, and the one with Kon Tum."""
    rows = ask(
        units,
        "select value, unit_id, scope_valid_to is null, scopes, values_of_scope, source"
        " from quoted_figure where measure = 'grdp' and period_end = date '2025-06-30'"
        " order by value",
    )
    assert rows == [
        (67300.0, "51@2003-01-01", False, 2, 1, "Báo Thanh Niên"),
        (85881.6, "51@2025-07-01", True, 2, 1, "VnEconomy"),
    ]
    merged = ask(
        units,
        "select old_unit_id from admin_unit_successor"
        " where new_unit_id = '51@2025-07-01' order by 1",
    )
    assert merged == [("51@2003-01-01",), ("62@2003-01-01",)]


def test_a_later_change_is_rows(units: duckdb.DuckDBPyConnection) -> None:
    """A commune divided in 2027 by published shares, and one more that is renamed."""
    old, new = "11953", ("99001", "99002")
    with built(
        f"update admin_unit set valid_to = date '2026-12-31' where code = '{old}'",
        "insert into admin_unit select code, 'X', 'Xã X', 'commune', 'Xã', '33',"
        f" date '2027-01-01', null from (values ('{new[0]}'), ('{new[1]}')) as v(code)",
        "insert into admin_unit_succession select date '2027-01-01', '11953', code, weight,"
        f" 'population' from (values ('{new[0]}', 0.7), ('{new[1]}', 0.3)) as v(code, weight)",
    ) as changed:
        figures(changed, (f"{old}@2025-07-01", 100, True))
        rows = rebased(
            changed, "rebased('figure', \"date '2027-06-01'\", ['k'])", "unit_id, value, rebasing"
        )
        basis = ask(
            changed,
            "select distinct weight_basis from admin_unit_successor"
            " where effective_date = date '2027-01-01'",
        )
    assert rows == [
        ("99001@2027-01-01", pytest.approx(70), "estimated"),
        ("99002@2027-01-01", pytest.approx(30), "estimated"),
    ]
    assert basis == [("population",)]


def test_the_office_s_own_lists_go_before_the_seeds() -> None:
    """A commune that the list has under another code is found by its name in its province."""
    with built(
        "insert into reference__admin_unit select if(code = '06970', '06978', code), name,"
        " full_name, level, unit_type, province_code from admin_unit where valid_to is null",
        "insert into reference__admin_unit_change"
        " select if(length(old_code) = 5, old_code, null),"
        " if(length(old_code) = 3, old_code, '000'), new_code from admin_unit_succession"
        " where effective_date = date '2025-07-01' and length(new_code) = 5",
    ) as connection:
        rows = ask(
            connection,
            "select count(*), count(distinct old_unit_id), count(*) filter ("
            " new_unit_id = '06978@2025-07-01') from admin_unit_successor"
            " where effective_date = date '2025-07-01' and length(old_unit_id) <> 13",
        )
        current = ask(connection, "select count(*) from dim_admin_unit where is_current")
    ((links, olds, of_ba_che),) = rows
    assert (links, olds) == (10602, 10040)
    assert of_ba_che > 0
    assert current == [(34 + 3321,)]
