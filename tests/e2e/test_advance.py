"""Must-show 5: days pass, and only what they changed is fetched and lands on its key."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from contracts.base import VIETNAM
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.home import SOURCES
from ioc_pipelines.sandbox.addresses import DATABASES, sandbox_addresses
from tests.e2e.answers import FILE_FEEDS, TABLES, counts, drop_folders, planted, refused
from tests.e2e.province import (
    AIR,
    BOOKED,
    DOSSIER,
    FEEDBACK,
    FEEDS,
    LAND,
    PERMIT,
    SHOWN,
    Province,
    both,
    differing,
    query,
    served,
    staging_of,
)

pytestmark = pytest.mark.e2e

# a Sunday's start, three days back or more: by Tuesday's start a week of diseases has ended, and a
# Monday's offices were open
_TODAY = datetime.now(VIETNAM).date()
_THREE_DAYS_AGO = _TODAY - timedelta(days=3)
OPENED = _THREE_DAYS_AGO - timedelta(days=(_THREE_DAYS_AGO.weekday() + 1) % 7)
DAYS = 2
WEB = (DOSSIER, FEEDBACK, PERMIT, AIR)
SQL = tuple(feed for feed in TABLES if TABLES[feed].system in DATABASES)
MARKS = ("_batch_id", "_recorded_at")
# where a row came from: a page of the first day, a page of the second
PLACES = (*MARKS, "_file", "_sheet", "_row", "_is_carried_forward")
# how the code of a row that is added by hand ends: the year in it stays that of its row
LATE = {DOSSIER: "-99999", LAND: "-999999"}
ENTRIES = {entry.id: entry for entry in load_catalog(SOURCES / "hung_yen").active}


def key_of(feed: str) -> tuple[str, ...]:
    return all_contracts()[feed.split("/")[1]].info().key


def held(province: Province) -> dict[str, pl.DataFrame]:
    """The rows of each table at its source, as text."""
    found = {feed: pl.read_parquet(TABLES[feed].path(province.sandbox)) for feed in TABLES}
    with closing(sqlite3.connect(_land_database(province))) as database:
        rows = database.execute("select * from bien_dong_dat").fetchall()
    return {**found, LAND: pl.DataFrame(rows, found[LAND].schema, orient="row")}


def _land_database(province: Province) -> str:
    return sandbox_addresses(province.sandbox)["IOC_DAT_DAI_URL"].removeprefix("sqlite:///")


def _late_and_corrected(province: Province, before: dict[str, pl.DataFrame]) -> None:
    """What the days may or may not have brought by chance: a row that comes late, one put right.

    The late ones say that they changed an hour before the newest that the first fetch saw.
    """
    for feed, late in LATE.items():
        table, good = TABLES[feed], _good(province, feed, before[feed])
        hour_ago = _moved(str(before[feed][table.changed].max()), -1)
        code = pl.col(table.key[0]).str.replace(r"-\d+$", late)
        row = good.with_columns(code, pl.lit(hour_ago).alias(table.changed))
        if feed == DOSSIER:
            path = table.path(province.sandbox)
            pl.concat([pl.read_parquet(path), row]).write_parquet(path)
            continue
        with closing(sqlite3.connect(_land_database(province))) as database, database:
            marks = ", ".join("?" * row.width)
            database.execute(f"insert into bien_dong_dat values ({marks})", row.row(0))
            newest = "(select max(cap_nhat_luc) from bien_dong_dat)"
            done = database.execute(
                f"update bien_dong_dat set dien_tich_m2 = '77.7', cap_nhat_luc = {newest}"
                " where ma_giao_dich = ?",
                (good[table.key[0]][0],),
            )
            assert done.rowcount == 1


def _good(province: Province, feed: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The oldest row that nothing was planted in."""
    spoilt = [row.key for row in province.key().feeds[feed].refused]
    code = pl.col(TABLES[feed].key[0])
    return rows.filter(~code.is_in(spoilt) & ~code.is_duplicated()).head(1)


def _moved(moment: str, hours: int) -> str:
    later = datetime.fromisoformat(moment) + timedelta(hours=hours)
    return later.isoformat(sep=moment[10], timespec="seconds")


@dataclass
class Days:
    """A province fetched, two days later fetched again, and fetched whole by another home."""

    province: Province
    before: dict[str, pl.DataFrame]
    after: dict[str, pl.DataFrame]
    files: set[str]
    older: str
    newer: str
    first: dict[str, dict[str, Any]]
    second: dict[str, dict[str, Any]]
    cursors: dict[str, dict[str, Any]]
    whole: Province


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    base = tmp_path_factory.mktemp("advance")
    with served(base / "var", OPENED) as province:
        assert province.here("refresh").code == 0
        older, first, cursors = province.published_id(), _deliveries(province), _cursors(province)
        before, folders = held(province), drop_folders(province.sandbox)
        assert province.here("sandbox", "advance", "--days", str(DAYS)).code == 0
        _late_and_corrected(province, before)
        now = drop_folders(province.sandbox)
        files = {name for name in now if now[name] != folders.get(name)}
        refresh = province.here("refresh")
        assert refresh.code == 0, refresh.out + refresh.err
        second = _deliveries(province)
        # another home that never saw the first day, at the same sources
        other = Province(base / "other")
        other.base.mkdir()
        (other.base / "sandbox").symlink_to(province.sandbox)
        assert other.here("refresh").code == 0
        yield Days(
            province,
            before,
            held(province),
            files,
            older,
            province.published_id(),
            first,
            second,
            cursors,
            other,
        )


def _deliveries(province: Province) -> dict[str, dict[str, Any]]:
    """The last delivery of each feed, with its detail and the counts of its batch."""
    with closing(sqlite3.connect(f"file:{province.home}/ledger.db?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute(
            "select d.feed, d.outcome, d.batch_id, d.detail, b.rows_received, b.rows_accepted,"
            " b.rows_quarantined, b.rows_duplicate from delivery as d"
            " left join batch as b using (batch_id) order by d.seq"
        )
        found = [dict(row) for row in rows]
    return {row["feed"]: {**row, "detail": json.loads(row["detail"])} for row in found}


def _cursors(province: Province) -> dict[str, dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{province.home}/ledger.db?mode=ro", uri=True)) as database:
        rows = database.execute("select feed, cursor from delivery where cursor is not null")
        return {feed: json.loads(cursor) for feed, cursor in rows}


def changed(days: Days, feed: str) -> pl.DataFrame:
    """Rows that are at the source now and were not: one for each that is there once more."""
    names = days.after[feed].columns
    numbered = [
        frame.with_columns(nth=pl.int_range(pl.len()).over(names))
        for frame in (days.after[feed], days.before[feed])
    ]
    joined = numbered[0].join(numbered[1], on=[*names, "nth"], how="anti", nulls_equal=True)
    return joined.drop("nth")


# -- what was fetched -----------------------------------------------------------------------------


def test_something_happened_and_much_did_not(days: Days) -> None:
    told = {feed: (days.second[feed]["outcome"], _received(days, feed)) for feed in FEEDS}
    print(told)  # noqa: T201
    assert {feed for feed in TABLES if changed(days, feed).height} >= {*WEB, LAND}
    assert any(name.startswith("so_y_te/benh-tuan/") for name in days.files)
    assert sum(outcome == "no_news" for outcome, _ in told.values()) >= 4


def _received(days: Days, feed: str) -> int:
    return days.second[feed]["rows_received"] or 0


def test_a_source_that_did_not_change_is_no_news(days: Days) -> None:
    unchanged = {feed for feed in TABLES if not changed(days, feed).height}
    for feed in FILE_FEEDS:
        pattern = ENTRIES[feed].feed.connector.pattern  # type: ignore[union-attr]
        own = {p.relative_to(days.province.sandbox).as_posix() for p in _glob(days, pattern)}
        if not own & days.files:
            unchanged.add(feed)
    silent = {feed for feed in FEEDS if days.second[feed]["outcome"] == "no_news"}
    assert silent == unchanged
    for feed in silent:
        assert days.second[feed]["batch_id"] is None


def _glob(days: Days, pattern: str) -> Any:
    return days.province.sandbox.glob(pattern)


@pytest.mark.parametrize("feed", TABLES)
def test_only_new_and_changed_rows_are_received(days: Days, feed: str) -> None:
    """As many as differ between the two days of the source, counted apart from the pipeline."""
    wanted = changed(days, feed).height
    assert _received(days, feed) == wanted
    assert wanted < days.after[feed].height / 50


@pytest.mark.parametrize("feed", WEB)
def test_a_web_source_is_asked_only_for_what_is_since_the_newest(days: Days, feed: str) -> None:
    """The records that came are those of the span, not one of before it."""
    changes = ENTRIES[feed].feed.connector.changes  # type: ignore[union-attr]
    stamps = days.before[feed][TABLES[feed].changed]
    newest = str(stamps.filter(stamps <= str(OPENED + timedelta(days=1))).max())
    assert days.cursors[feed]["newest"] == newest
    since = (datetime.fromisoformat(newest) - changes.overlap).isoformat()
    span = (days.after[feed][TABLES[feed].changed] >= since).sum()
    fetched = days.second[feed]["detail"]["fetch"]
    assert fetched["records"] == span
    assert _received(days, feed) <= span < days.after[feed].height / 50
    assert fetched["bytes"] < days.first[feed]["detail"]["fetch"]["bytes"] / 10


@pytest.mark.parametrize("feed", SQL)
def test_a_database_gives_no_more_rows_than_are_new(days: Days, feed: str) -> None:
    assert days.second[feed]["detail"]["fetch"]["rows"] == changed(days, feed).height


def test_the_first_fetch_was_the_answer_of_its_day(days: Days) -> None:
    assert sum(days.first[feed]["rows_received"] for feed in FEEDS) > 200_000
    for feed in TABLES:
        assert days.first[feed]["rows_received"] == days.before[feed].height


# -- where it landed ------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", SHOWN)
def test_there_is_one_row_of_each_key(days: Days, feed: str) -> None:
    key = ", ".join(f'"{name}"' for name in key_of(feed))
    sql = f"select count(*), count(distinct ({key})) from {staging_of(feed)}"
    ((rows, keys),) = days.province.query(sql)
    assert rows == keys > 50


@pytest.mark.parametrize("feed", SHOWN)
def test_nothing_else_of_staging_changed(days: Days, feed: str) -> None:
    """Every row that differs came with the new batch; every other is the row of the first day."""
    table, batch = staging_of(feed), days.second[feed]["batch_id"]
    with both(*_snapshots(days)) as connection:
        sql = f"select count(*) from b.{table} where _batch_id is distinct from ?"
        ((kept,),) = connection.execute(sql, [batch]).fetchall()
        same = f"(select * from b.{table} where _batch_id is distinct from ?)"
        sql = f"select count(*) from ({same} intersect all select * from a.{table})"
        ((unchanged,),) = connection.execute(sql, [batch]).fetchall()
        sql = f"select count(*) from b.{table} where _batch_id = ?"
        ((of_batch,),) = connection.execute(sql, [batch]).fetchall()
        shown = ", ".join(_columns(connection, table, MARKS))
        same = f"(select {shown} from a.{table} where not list_contains(?, _file))"
        sql = f"select count(*) from ({same} except all select {shown} from b.{table})"
        ((lost,),) = connection.execute(sql, [sorted(days.files)]).fetchall()
    assert unchanged == kept
    if feed in FILE_FEEDS:
        assert lost == 0  # of the files that stayed as they were
    if feed in TABLES and feed != BOOKED:  # another supplier of the same rows goes first
        assert of_batch == (days.second[feed]["rows_accepted"] or 0)
        assert kept > 0


def _columns(connection: Any, table: str, without: tuple[str, ...]) -> list[str]:
    names = [row[0] for row in connection.execute(f"describe a.{table}").fetchall()]
    return [f'"{name}"' for name in names if name not in without]


def _snapshots(days: Days) -> tuple[Any, Any]:
    return days.province.snapshot(days.older), days.province.snapshot(days.newer)


@pytest.mark.parametrize("feed", [DOSSIER, LAND, FEEDBACK])
def test_a_corrected_row_has_the_new_value_and_no_other(days: Days, feed: str) -> None:
    """Rows whose key was there: what stands in staging is what the source says now."""
    table, (code,) = TABLES[feed], TABLES[feed].key
    again = changed(days, feed).join(days.before[feed], on=code, how="semi")
    assert again.height > 0
    spoilt = {row.key for row in days.province.key().feeds[feed].refused}
    wanted = {
        row[code]: row[table.changed].replace(" ", "T")
        for row in again.iter_rows(named=True)
        if row[code] not in spoilt
    }
    assert wanted
    (name,) = key_of(feed)
    found = days.province.query(f"select {name}, updated_at from {staging_of(feed)}")
    stands = {key: moment.isoformat() for key, moment in found if key in wanted}
    assert stands == wanted


def test_the_correction_by_hand_is_there(days: Days) -> None:
    good = _good(days.province, LAND, days.before[LAND])
    code, was = good["ma_giao_dich"][0], good["dien_tich_m2"][0]
    sql = f"select area_m2 from staging.land__transaction where transaction_code = '{code}'"
    assert [float(value) for (value,) in days.province.query(sql)] == [77.7] != [float(was)]


@pytest.mark.parametrize("feed", LATE)
def test_rows_that_came_late_land_on_their_keys(days: Days, feed: str) -> None:
    """Their stamps are older than the newest that was fetched: only the overlap brings them."""
    newest = days.cursors[feed].get("newest") or days.cursors[feed].get("watermark")
    assert newest
    stamp = pl.col(TABLES[feed].changed).str.replace("T", " ")
    rows = changed(days, feed).filter(stamp <= newest.replace("T", " ")[:19])
    spoilt = {row.key for row in days.province.key().feeds[feed].refused}
    wanted = set(rows[TABLES[feed].key[0]]) - spoilt
    assert sum(code.endswith(LATE[feed]) for code in wanted) == 1
    (name,) = key_of(feed)
    found = days.province.query(f"select {name}, _batch_id from {staging_of(feed)}")
    batches = {code: batch for code, batch in found if code in wanted}
    assert batches == dict.fromkeys(wanted, days.second[feed]["batch_id"])
    # no row of the first day bore its key
    assert not days.before[feed][TABLES[feed].key[0]].str.ends_with(LATE[feed]).any()


# -- against a province that was fetched whole ----------------------------------------------------


@pytest.mark.parametrize("feed", FEEDS)
def test_the_whole_fetch_is_the_answer_of_the_later_day(days: Days, feed: str) -> None:
    told, key = _deliveries(days.whole)[feed], days.province.key().feeds[feed]
    by_hand = int(feed in LATE)  # one more than the sandbox knows of, and a good one
    received, accepted, *others = counts(key)
    assert counts(told) == (received + by_hand, accepted + by_hand, *others)
    assert refused(days.whole, feed, told["batch_id"]) == planted(feed, key)


@pytest.mark.parametrize("feed", SHOWN)
def test_staging_is_that_of_a_whole_fetch_but_for_keys_that_ended(days: Days, feed: str) -> None:
    """Day by day and at once come to the same values.

    One exception: a key that was accepted on the first day and whose row has been refused since,
    which keeps its last good row; a province that never saw the good one has none.
    """
    table, key = staging_of(feed), key_of(feed)
    listed = ", ".join(f'"{name}"' for name in key)
    with both(days.province.published, days.whole.published) as connection:
        shown = ", ".join(_columns(connection, table, PLACES))
        sql = f"select {listed} from b.{table} except select {listed} from a.{table}"
        assert connection.execute(sql).fetchall() == []
        sql = f"select {listed} from a.{table} except select {listed} from b.{table}"
        ended = connection.execute(sql).fetchall()
        sql = (
            f"select count(*) from (select {shown} from b.{table}"
            f" except all select {shown} from a.{table})"
        )
        assert connection.execute(sql).fetchall() == [(0,)]
    print(feed, "keys that only the first day had:", ended)  # noqa: T201
    assert {_text(row) for row in ended} == _ended(days, feed)


def _text(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(str(part) for part in row)


def _ended(days: Days, feed: str) -> set[tuple[str, ...]]:
    """Keys accepted on the first day whose rows are spoilt on the later one."""
    if feed not in TABLES or len(TABLES[feed].key) > 1:
        return set()  # their rows are good or spoilt from the first day on, until they are mended
    (name,) = key_of(feed)
    sql = f"select {name} from {staging_of(feed)}"
    known = {code for (code,) in query(days.province.snapshot(days.older), sql)}
    refused_now = {row.key for row in days.province.key().feeds[feed].refused}
    return {(str(code),) for code in refused_now & known}


def test_marts_are_those_of_a_whole_fetch(days: Days) -> None:
    """The same values, but those of feeds that have a key which kept an older row."""
    kept = ", ".join(f"'{feed}'" for feed in FEEDS if _ended(days, feed)) or "''"
    table = "marts.indicator_value"
    with both(days.province.published, days.whole.published) as connection:
        # sums of many floating numbers differ in their last digits with the order of rows
        rounded = ("value", "cumulative_value", "same_period_value", "same_period_change_percent")
        names = _columns(connection, table, ("recorded_at", *rounded, "target_percent"))
        shown = ", ".join([*names, *(f"round({name}, 4)" for name in rounded)])
        older = f"select indicator_code from a.marts.indicator_lineage where feed in ({kept})"
        for one, other in (("a", "b"), ("b", "a")):
            sql = (
                f"select count(*) from (select {shown} from {one}.{table}"
                f" except all select {shown} from {other}.{table})"
                f" where indicator_code not in ({older})"
            )
            assert connection.execute(sql).fetchall() == [(0,)]
        compared = f"select count(distinct indicator_code) from a.{table}"
        sql = f"{compared} where indicator_code not in ({older})"
        assert connection.execute(sql).fetchall()[0][0] > 40
    assert differing(days.province.published, days.whole.published, ["marts.indicator"]) == {}
    assert days.whole.query(f"select count(*) from {table}")[0][0] > 1000
    # the indicators moved on with the days
    assert differing(*_snapshots(days), [table]) != {}
