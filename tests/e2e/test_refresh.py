"""A whole refresh of the sandbox province through the real command, and what it leaves.

The province's feeds stand behind real servers; what every feed must refuse is in the sandbox's
answer key.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pytest

from contracts.base import DIMENSIONS
from ioc_pipelines.sandbox.addresses import sandbox_addresses
from ioc_pipelines.sandbox.answer_key import AnswerKey, FeedKey
from tests.e2e.answers import (
    FILE_FEEDS,
    TABLES,
    counts,
    databases,
    drop_folders,
    engines,
    planted,
    refused,
)
from tests.e2e.province import (
    BOOKED,
    BUDGET,
    DISEASE,
    DOSSIER,
    FEEDBACK,
    FEEDS,
    LAND,
    PLANNED,
    TAX,
    Done,
    Province,
    copied,
    differing,
    local_day,
    query,
    served,
    served_apart,
    staging_of,
    tables,
)
from tests.published import columns_holding

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

# data ages: the sandbox stands at yesterday, so that its ages do not outgrow the contracts' limits
AS_OF = local_day(datetime.now(UTC) - timedelta(days=1))
NAME, PHONE = "Trịnh Thị Bí Mật 7391", "0987600123"
SERVED = ("staging", "core", "marts")
# the feeds of the first datasets; indicators are counted from all of them
MEASURED = {feed for feed in FEEDS if not feed.endswith("_form")}
PROGRESS = re.compile(r"^\d{2}:\d{2}:\d{2}  ", re.MULTILINE)


@dataclass
class First:
    """The province after its first refresh."""

    province: Province
    refresh: Done
    key: AnswerKey
    status: dict[str, dict[str, Any]]
    files: dict[str, str]
    databases: dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[First]:
    with served(tmp_path_factory.mktemp("e2e") / "var", AS_OF) as province:
        _plant_a_person(province)
        files, held = drop_folders(province.sandbox), databases(province.sandbox)
        done = province.ioc("refresh")
        assert done.code == 0, done.out + done.err
        yield First(province, done, province.key(), province.status(), files, held)


def _plant_a_person(province: Province) -> None:
    """A recognisable person, once in a good row and once in a refused one of three systems."""
    for feed, names in {
        DOSSIER: {"NguoiNop": NAME, "SoDienThoai": PHONE},
        FEEDBACK: {"SoDienThoai": PHONE},
    }.items():
        table = TABLES[feed]
        path = table.path(province.sandbox)
        code = pl.col(table.key[0])
        whole = pl.read_parquet(path)
        is_theirs = code.is_in(_good_and_refused(province, feed, whole[table.key[0]]))
        values = [
            pl.when(is_theirs).then(pl.lit(v)).otherwise(n).alias(n) for n, v in names.items()
        ]
        changed = whole.with_columns(values)
        assert changed.filter(pl.col("SoDienThoai") == PHONE).height == 2
        changed.write_parquet(path)
    with closing(sqlite3.connect(_land_database(province))) as database, database:
        codes = [code for (code,) in database.execute("select ma_giao_dich from bien_dong_dat")]
        # a column that no feed names
        database.execute("alter table bien_dong_dat add column so_dien_thoai text")
        for code in _good_and_refused(province, LAND, codes):
            done = database.execute(
                "update bien_dong_dat set chu_su_dung = ?, so_dien_thoai = ?"
                " where ma_giao_dich = ?",
                (NAME, PHONE, code),
            )
            assert done.rowcount == 1


def _good_and_refused(province: Province, feed: str, codes: Any) -> list[str]:
    """The oldest of each, so that a later fetch has no reason to read them again."""
    planted_rows = province.key().feeds[feed].refused
    spoilt = {row.key for row in planted_rows}
    bad = next(row.key for row in planted_rows if row.rule == "correct.reference")
    return [next(code for code in codes if code not in spoilt), str(bad)]


def _land_database(province: Province) -> str:
    return sandbox_addresses(province.sandbox)["IOC_DAT_DAI_URL"].removeprefix("sqlite:///")


# -- what the operator sees -----------------------------------------------------------------------


def test_the_summary_is_on_stdout_and_progress_on_stderr(first: First) -> None:
    out, err = first.refresh.out, first.refresh.err
    assert f"PUBLISHED snapshot {first.province.published_id()}" in out
    assert str(first.province.published) in out
    assert not PROGRESS.search(out)
    lines = PROGRESS.findall(err)
    assert len(lines) >= 6
    for feed in FEEDS:
        assert feed in out
        assert feed in err
    for feed, key in first.key.feeds.items():
        (line,) = [line for line in out.splitlines() if line.startswith(feed)]
        numbers = [int(part) for part in line.split() if part.isdigit()]
        assert numbers[:4] == [
            key.rows_received,
            key.rows_accepted,
            key.rows_quarantined,
            key.rows_duplicate,
        ]
        assert f"{key.rows_quarantined} rows refused" in out
    assert "Traceback" not in out + err


def test_the_command_that_is_shown_opens_the_file(first: First) -> None:
    (line,) = [ln for ln in first.refresh.out.splitlines() if ln.strip().startswith("open ")]
    command = line.strip().removeprefix("open").strip()
    done = subprocess.run(  # noqa: S602
        command, shell=True, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "indicator_code" in done.stdout


def test_sources_are_as_they_were(first: First) -> None:
    """Every file and every row; only outboxes have something new."""
    sandbox = first.province.sandbox
    assert drop_folders(sandbox) == first.files
    assert databases(sandbox) == first.databases
    assert len(first.files) > 200
    assert sum(name.startswith("so_y_te/benh-tuan/") for name in first.files) > 100
    # PostgreSQL, MariaDB and SQLite, where the two servers listen
    assert {feed.split("/")[0] for feed in first.databases} == {"kho_bac", "thue_tinh", "so_nnmt"}
    assert all(rows > 2_000 for rows, _ in first.databases.values())
    assert engines(sandbox) == {"postgresql", "mysql", "sqlite"}


def test_the_comparison_of_sources_would_find_a_change(first: First, tmp_path: Path) -> None:
    copy = tmp_path / "sandbox"
    (copy / "so_y_te" / "phan-hoi").mkdir(parents=True)
    (copy / "so_y_te" / "a.csv").write_text("1")
    before = drop_folders(copy)
    (copy / "so_y_te" / "phan-hoi" / "back.txt").write_text("new")
    assert drop_folders(copy) == before
    (copy / "so_y_te" / "a.csv").write_text("2")
    assert drop_folders(copy) != before


def test_status_adds_up_and_is_the_answer_key(first: First) -> None:
    feeds = first.status
    assert set(feeds) == {*FEEDS, *PLANNED}
    assert set(FEEDS) == set(first.key.feeds)
    assert len(FEEDS) >= 16
    assert PLANNED
    assert {feeds[feed]["status"] for feed in PLANNED} == {"planned"}
    for feed in FEEDS:
        told, key = feeds[feed], first.key.feeds[feed]
        parts = told["rows_accepted"] + told["rows_quarantined"] + told["rows_duplicate"]
        assert told["rows_received"] == parts == key.rows_received
        assert counts(told) == counts(key), feed
        assert told["outcome"] == "partly_accepted"
        assert set(told["scores"]) == set(DIMENSIONS)
        assert all(90 < score <= 100 for score in told["scores"].values())
        assert 0 <= told["age_s"] < 3600 < told["late_after_s"]


def test_a_score_is_below_100_where_something_was_planted(first: First) -> None:
    feeds, below = first.status, 0
    for feed in FEEDS:
        key = first.key.feeds[feed]
        spoilt = {dimension for dimension in DIMENSIONS if key.dimensions[dimension]}
        spoilt |= {gap.rule.split(".")[0] for gap in key.gaps}
        spoilt |= {"clean"} if key.rows_duplicate else set()
        found = {name for name, score in feeds[feed]["scores"].items() if score < 100}
        assert found == spoilt, feed
        below += len(found)
    assert below > 40


def test_the_scorecard_is_the_mean_of_what_status_says_of_the_feeds(first: First) -> None:
    told = [first.status[feed] for feed in FEEDS]
    means = [mean(feed["scores"].values()) for feed in told]
    with duckdb.connect(str(first.province.published), read_only=True) as connection:
        levels = connection.execute(
            "select level, count(*), max(score), any_value(rating) from quality.scorecard"
            " where dimension = 'overall' group by level order by level"
        ).fetchall()
        covered = connection.execute(
            "select count(*), sum(is_required::int), sum(is_live::int), sum(is_automatic::int)"
            " from quality.coverage"
        ).fetchone()
        late = connection.execute("select feed, promise from quality.breach").fetchall()
    counted = {level: (count, score) for level, count, score, _ in levels}
    assert {level: count for level, (count, _) in counted.items()} == {
        "agency": len({feed.split("/")[0] for feed in FEEDS}),
        "dataset": len({feed.split("/")[1] for feed in FEEDS}),
        "feed": len(FEEDS),
        "province": 1,
    }
    assert counted["province"][1] == pytest.approx(mean(means))
    assert counted["feed"][1] == pytest.approx(max(means))
    # codes were planted that are in no list: an identifier that is wrong leaves no green
    assert {rating for *_, rating in levels} == {"amber"}
    assert {feed["rating"] for feed in told} == {"amber"}
    required = len(FEEDS) + len(PLANNED)
    # by API or from a database: whatever is a table at its source
    assert covered == (required, required, len(FEEDS), len(TABLES))
    assert late == []


def test_status_names_the_snapshot_that_is_open(first: First) -> None:
    told = first.province.here("status", "--json").json()
    assert told["profile"] == "hung_yen"
    assert told["snapshot"]["id"] == first.province.published_id()
    built = datetime.fromisoformat(told["snapshot"]["built_at"])
    assert timedelta(0) < datetime.now(UTC) - built < timedelta(hours=1)


def test_the_quarantine_counts_what_was_planted(first: First) -> None:
    told = first.province.here("quarantine", "list", "--json").json()
    found = Counter[tuple[str, str, str | None]]()
    for row in told:
        found[row["feed"], row["rule"], row["column_name"]] += row["rows"]
    assert found == {
        (feed, row.rule, row.column): sum(
            other.rule == row.rule and other.column == row.column for other in key.refused
        )
        for feed, key in first.key.feeds.items()
        for row in key.refused
    }
    assert len(found) > 100


# -- what is published ----------------------------------------------------------------------------


@pytest.mark.parametrize("feed", FEEDS)
def test_exactly_the_planted_rows_are_refused(first: First, feed: str) -> None:
    """Must-show 1: each planted row, by its place in the file or its key in the table."""
    key, told = first.key.feeds[feed], first.status[feed]
    assert counts(told) == counts(key)
    wanted = planted(feed, key)
    assert refused(first.province, feed, told["batch_id"]) == wanted
    assert sum(wanted.values()) == key.rows_quarantined >= 10


@pytest.mark.parametrize("feed", FEEDS)
def test_the_places_are_published_as_they_were_refused(first: First, feed: str) -> None:
    key = first.key.feeds[feed]
    rows = first.province.query(
        "select source_file, sheet, row_number, rule, column_name, key_hash"
        f" from quality.refused_row where feed = '{feed}'"
    )
    assert len(rows) == key.rows_quarantined
    if feed in FILE_FEEDS:
        assert Counter(row[:5] for row in rows) == planted(feed, key)
    else:
        by_rule = Counter((row.rule, row.column) for row in key.refused)
        assert Counter((rule, column) for *_, rule, column, _ in rows) == by_rule
    assert all(len(digest) == 32 for *_, digest in rows)


def test_many_rules_of_every_kind_were_planted(first: First) -> None:
    """What the tests above compare is not little."""
    refusals = [row for key in first.key.feeds.values() for row in key.refused]
    assert len(refusals) > 1500
    assert len({row.rule for row in refusals}) > 20
    assert len(FILE_FEEDS) >= 7
    assert len(TABLES) >= 9
    assert len({feed.split("/")[0] for feed in FEEDS}) >= 10
    dossiers = Counter((row.rule, row.column) for row in first.key.feeds[DOSSIER].refused)
    assert len(dossiers) >= 15
    hashes = "select count(distinct key_hash) from quality.refused_row where feed = "
    assert first.province.query(f"{hashes}'{DOSSIER}'")[0][0] > 250


def test_no_row_vanishes(first: First) -> None:
    rows = first.province.query(
        "select feed, rows_received, rows_accepted + rows_quarantined + rows_duplicate"
        " from quality.batch"
    )
    assert {feed: (received, parts) for feed, received, parts in rows} == {
        feed: (key.rows_received, key.rows_received) for feed, key in first.key.feeds.items()
    }
    for feed in set(FEEDS) - {BUDGET, BOOKED}:
        sql = f"select count(*) from {staging_of(feed)}"
        assert first.province.query(sql) == [(first.key.feeds[feed].rows_accepted,)], feed


def test_of_two_suppliers_the_first_is_served_and_both_are_compared(first: First) -> None:
    """H18: counted from the agencies' own files and tables, not from what was fetched."""
    told = {BUDGET: _told_by_forms(first), BOOKED: _told_by_treasury(first)}
    forms, booked = told[BUDGET], told[BOOKED]
    shared = forms.keys() & booked.keys()
    wanted = {
        ("matched", BUDGET): sum(forms[key] == booked[key] for key in shared),
        ("conflicting", BUDGET): sum(forms[key] != booked[key] for key in shared),
        ("only_here", BUDGET): len(forms.keys() - shared),
        ("only_there", BOOKED): len(booked.keys() - shared),
    }
    assert min(wanted.values()) > 0
    found = first.province.query(
        "select status, winner, count(*) from quality.reconciliation group by all"
    )
    assert {(status, winner): count for status, winner, count in found} == wanted
    served = first.province.query(
        f"select period, commune_code, month_vnd, cumulative_vnd from {staging_of(BUDGET)}"
    )
    assert {row[:2]: row[2:] for row in served} == {**booked, **forms}


def _told_by_forms(first: First) -> dict[tuple[str, ...], tuple[int, int]]:
    """What the finance department's workbooks say of the month and the year so far, in đồng."""
    spoilt = {(row.file, row.row) for row in first.key.feeds[BUDGET].refused}
    told = {}
    for path in sorted(first.province.sandbox.glob("so_tai_chinh/thu-nsnn-*.xlsx")):
        sheet = openpyxl.load_workbook(path, read_only=True)["Thu NSNN"]
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            code = str(cells[1] or "")
            if not code.isdigit() or (f"so_tai_chinh/{path.name}", number) in spoilt:
                continue
            month, cumulative = (round(_vietnamese(cell) * 1_000_000) for cell in cells[4:6])
            told[path.stem[-7:], code.zfill(5)] = month, cumulative
    return told


def _told_by_treasury(first: First) -> dict[tuple[str, ...], tuple[int, int]]:
    spoilt = {row.key for row in first.key.feeds[BOOKED].refused}
    rows = pl.read_parquet(TABLES[BOOKED].path(first.province.sandbox))
    columns = ("ky", "ma_xa", "thu_trong_thang", "thu_luy_ke")
    return {
        (day[:7], code): (int(month), int(cumulative))
        for day, code, month, cumulative in rows.select(columns).rows()
        if f"{day}/{code}" not in spoilt
    }


def _vietnamese(cell: Any) -> float:
    """A number of the form, which some cells hold as text with points and a comma."""
    return float(str(cell).replace(".", "").replace(",", ".")) if isinstance(cell, str) else cell


def test_indicators_have_values_that_can_be_traced(first: First) -> None:
    province = first.province
    codes = province.query("select distinct indicator_code from marts.indicator_value")
    assert len(codes) >= 70
    ((values, nulls),) = province.query(
        "select count(*), count(*) - count(value) from marts.indicator_value"
    )
    assert values > 1000
    assert nulls == 0
    untraced = province.query(
        "select count(*) from marts.indicator_value as v where not exists ("
        " select 1 from marts.indicator_lineage as l join quality.batch as b using (batch_id)"
        " where l.indicator_code = v.indicator_code and l.period_type = v.period_type"
        " and l.period_start = v.period_start"
        " and l.unit_id = v.unit_id and l.recorded_at = v.recorded_at and b.feed = l.feed)"
    )
    assert untraced == [(0,)]
    unknown = province.query(
        "select count(*) from marts.indicator_value as v"
        " left join core.dim_admin_unit as u using (unit_id) where u.unit_id is null"
    )
    assert unknown == [(0,)]
    batches = province.query("select distinct feed, batch_id from marts.indicator_lineage")
    assert {feed for feed, _ in batches} >= MEASURED


def test_a_province_is_the_sum_of_its_communes(first: First) -> None:
    rows = first.province.query(
        "select v.indicator_code, v.period_type, v.period_start, u.level, u.code, v.value"
        " from marts.indicator_value as v"
        " join core.dim_admin_unit as u using (unit_id)"
        " join marts.indicator as i using (indicator_code) where i.is_additive"
    )
    sums: Counter[tuple[Any, ...]] = Counter()
    provinces = {}
    for *place, level, unit, value in rows:
        if level == "commune":
            sums[tuple(place)] += value
        else:
            assert unit == "33"
            provinces[tuple(place)] = value
    assert sums.keys() <= provinces.keys()
    assert len({code for code, *_ in sums}) > 30
    assert len({kind for _, kind, _ in sums}) == 5
    for place, value in sums.items():
        assert provinces[place] == pytest.approx(value), place


def test_a_year_so_far_is_counted_from_the_agency_s_own_table(first: First) -> None:
    """Taxes collected: months, quarters, half-years and years, with what came before them."""
    spoilt = {row.key for row in first.key.feeds[TAX].refused}
    held = pl.read_parquet(TABLES[TAX].path(first.province.sandbox)).unique()
    months: Counter[date] = Counter()
    for row in held.iter_rows(named=True):
        if "/".join(row[name] or "" for name in TABLES[TAX].key) not in spoilt:
            month, year = row["ky"].split("/")
            if (start := date(int(year), int(month), 1)) >= date(2025, 7, 1):
                months[start] += int(row["so_da_nop"])
    found = first.province.query(
        "select period_type, period_start, value, cumulative_value from marts.indicator_value"
        " where indicator_code = 'TAX_COLLECTED' and unit_id like '33@%'"
    )
    lengths = {"month": 1, "quarter": 3, "half": 6, "year": 12}
    assert {kind for kind, *_ in found} == set(lengths)
    assert len(found) > len(months) + 6
    for kind, start, value, cumulative in found:
        last = start.month + lengths[kind] - 1
        of_year = {month: sum_ for month, sum_ in months.items() if month.year == start.year}
        so_far = {month: sum_ for month, sum_ in of_year.items() if month.month <= last}
        inside = (sum_ for month, sum_ in so_far.items() if month >= start)
        assert value == pytest.approx(sum(inside)), (kind, start)
        assert cumulative == pytest.approx(sum(so_far.values())), (kind, start)


def test_dossiers_received_are_those_of_the_platform_s_own_table(first: First) -> None:
    spoilt = {row.key for row in first.key.feeds[DOSSIER].refused}
    held = pl.read_parquet(TABLES[DOSSIER].path(first.province.sandbox)).unique()
    rows = held.select("MaHoSo", "TiepNhanLuc").iter_rows()
    # the communes of today began on 2025-07-01: of earlier months they have no figures
    wanted = Counter(
        received[:7] for code, received in rows if code not in spoilt and received[:7] >= "2025-07"
    )
    found = first.province.query(
        "select strftime(period_start, '%Y-%m'), value from marts.indicator_value"
        " where indicator_code = 'DOSSIERS_RECEIVED_MONTH' and unit_id like '33@%'"
        " and period_type = 'month'"
    )
    assert {month: int(value) for month, value in found} == wanted
    assert len(wanted) >= 15


def test_cases_of_disease_are_those_in_the_stations_own_files(first: First) -> None:
    key = first.key.feeds[DISEASE]
    spoilt = {(row.file, row.row) for row in key.refused}
    wanted: Counter[str] = Counter()
    files = sorted((first.province.sandbox / "so_y_te" / "benh-tuan").glob("*.csv"))
    assert len(files) > 100
    for path in files:
        with path.open(encoding="utf-8-sig", newline="") as file:
            seen = set()
            for number, row in enumerate(csv.DictReader(file, delimiter=";"), start=2):
                place = f"so_y_te/benh-tuan/{path.name}", number
                if place in spoilt or tuple(row.values()) in seen:
                    continue
                seen.add(tuple(row.values()))
                wanted[row["Tuần"]] += int(row["Số mắc"])
    found = first.province.query(
        "select strftime(period_start, '%G-W%V'), value from marts.indicator_value"
        " where indicator_code = 'DISEASE_CASES_WEEK' and unit_id like '33@%'"
    )
    assert len(wanted) > 100
    # the communes are there since the reform of 2025-07-01: nothing is counted for them before
    since = {week: cases for week, cases in wanted.items() if week >= "2025-W28"}
    assert {week: int(value) for week, value in found} == since
    assert len(since) > 50


# -- personal data --------------------------------------------------------------------------------


def test_a_person_is_nowhere_but_where_rows_are_kept(first: First) -> None:
    home = first.province.home
    # where rows are kept as received, and the private build
    private = {"landing", "accepted", "quarantine", "build"}
    checked = Counter[str]()
    for path in sorted(home.rglob("*")):
        top = path.relative_to(home).parts[0]
        if not path.is_file() or top in private:
            continue
        content = path.read_bytes()
        for value in (NAME.encode(), PHONE.encode(), NAME.encode("utf-16-le")):
            assert value not in content, path
        checked[top] += 1
    assert checked["dagster"] > 0
    assert checked["ledger.db"] == 1
    assert checked["snapshots"] >= 5
    for text in (first.refresh.out, first.refresh.err):
        assert NAME not in text
        assert PHONE not in text
    assert columns_holding(first.province.published, NAME, PHONE) == set()
    for path in (home / "published" / "marts").glob("*.parquet"):
        text = pl.read_parquet(path).select(pl.col(pl.String)).write_csv()
        assert NAME not in text
        assert PHONE not in text
    receipts = list(first.province.sandbox.glob("*/phan-hoi/*"))
    assert receipts
    for path in receipts:
        text = _said(path)
        assert NAME not in text
        assert PHONE not in text


def _said(path: Path) -> str:
    """All that a file in an outbox says."""
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8-sig")
    cells = (cell.value for sheet in openpyxl.load_workbook(path) for row in sheet for cell in row)
    return " ".join(map(str, cells))


def test_the_person_was_there_to_be_found(first: First) -> None:
    home = first.province.home
    for dataset, source, column, value in (
        ("public_services__procedure_dossier", "NguoiNop", "applicant_name", NAME),
        ("public_services__citizen_feedback", "SoDienThoai", "sender_phone", PHONE),
        ("land__transaction", "chu_su_dung", "owner_name", NAME),
    ):
        rows = [pl.read_parquet(path) for path in home.glob(f"quarantine/{dataset}/*/rows.parquet")]
        assert value in set(pl.concat(rows)[source]), dataset
        accepted = [
            pl.read_parquet(path)
            for path in home.glob(f"accepted/{dataset}/batches/*.parquet")
            if path.stem != "_empty"
        ]
        assert value in set(pl.concat(accepted)[column]), dataset


def test_what_no_feed_names_is_not_read_of_a_database(first: First) -> None:
    home = first.province.home
    landed = [pl.read_parquet(path) for path in home.glob(f"landing/{LAND}/blobs/*")]
    assert landed
    assert all("chu_su_dung" in frame.columns for frame in landed)
    assert all("so_dien_thoai" not in frame.columns for frame in landed)
    # of a web service whole pages are kept, and no more than the feed names goes on from there
    kept = b"".join(path.read_bytes() for path in home.glob(f"landing/{DOSSIER}/blobs/*"))
    assert PHONE.encode() in kept
    for area in ("accepted", "quarantine"):
        for path in home.glob(f"{area}/public_services__procedure_dossier/**/*.parquet"):
            assert PHONE not in pl.read_parquet(path).write_csv(), path


# -- wrong usage ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["refresh", "--agency", "so_khong_co"], "so_tai_chinh"),
        (["refresh", "--dataset", "health.nope"], "health.disease_weekly"),
        (["refresh", "--since", "hôm qua"], "2026-11-01"),
        (["refresh", "--profile", "atlantis"], "open_data"),
        (["refresh", "--agnecy", "so_y_te"], "--agency"),
        (["quarantine", "show", "nope"], "nope"),
        (["reprocess", "so_y_te/nope"], DISEASE),
    ],
    ids=["agency", "dataset", "date", "profile", "option", "batch", "feed"],
)
def test_wrong_usage_is_explained(first: First, arguments: list[str], named: str) -> None:
    before = first.province.published_id()
    done = first.province.here(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert named in done.err
    assert "Traceback" not in done.err
    assert first.province.published_id() == before


# -- once more, with readers ----------------------------------------------------------------------


@dataclass
class Reader(threading.Thread):
    """Opens what is published again and again, and keeps what it saw."""

    path: Path
    stop: threading.Event
    seen: set[tuple[Any, ...]] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    rounds: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self.seen.add(whole(self.path))
            except Exception as error:  # noqa: BLE001
                self.failures.append(f"{type(error).__name__}: {error}")
            self.rounds += 1
            time.sleep(1.5)


def whole(path: Path) -> tuple[Any, ...]:
    """What tells one snapshot from another, read in one connection."""
    counts = ("marts.indicator_value", "quality.delivery", "staging.finance__budget_revenue")
    with duckdb.connect(str(path), read_only=True) as connection:
        newest = "select max(snapshot_id) from quality.snapshot"
        answers = [connection.execute(newest).fetchall()]
        for table in counts:
            answers.append(connection.execute(f"select count(*) from {table}").fetchall())
            time.sleep(0.01)
    return tuple(answer[0][0] for answer in answers)


@dataclass
class Second:
    """The same province after a second refresh, watched by ten readers."""

    province: Province
    refresh: Done
    older: str
    newer: str
    before: dict[str, list[dict[str, Any]]]
    readers: list[Reader]
    kept: tuple[Any, Any]


@pytest.fixture(scope="module")
def second(first: First, tmp_path_factory: pytest.TempPathFactory) -> Second:
    province = copied(first.province, tmp_path_factory.mktemp("second") / "var")
    older, before = province.published_id(), ledger(province)
    stop = threading.Event()
    readers = [Reader(province.published, stop) for _ in range(10)]
    opened = duckdb.connect(str(province.published), read_only=True)
    sql = "select count(*), sum(value) from marts.indicator_value"
    started_with = opened.execute(sql).fetchall()
    for reader in readers:
        reader.start()
    done = province.ioc("refresh", "--json")
    time.sleep(1)
    stop.set()
    for reader in readers:
        reader.join(timeout=60)
    ended_with = opened.execute(sql).fetchall()
    opened.close()
    assert done.code == 0, done.err
    newer = province.published_id()
    return Second(province, done, older, newer, before, readers, (started_with, ended_with))


def ledger(province: Province) -> dict[str, list[dict[str, Any]]]:
    """Whole tables of the ledger, opened for reading only."""
    found = {}
    with closing(sqlite3.connect(f"file:{province.home}/ledger.db?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        for table in ("batch", "acceptance", "delivery"):
            rows = database.execute(f"select * from {table} order by 1")
            found[table] = [dict(row) for row in rows]
    return found


def test_json_is_all_there_is_on_stdout(second: Second) -> None:
    told = second.refresh.json()
    assert told["published"] is True
    assert told["snapshot"]["id"] == second.newer != second.older
    assert {feed["feed"] for feed in told["feeds"]} == {*FEEDS, *PLANNED}
    assert PROGRESS.search(second.refresh.err)


def test_the_same_again_makes_no_batch(second: Second) -> None:
    after = ledger(second.province)
    assert after["batch"] == second.before["batch"]
    assert after["acceptance"] == second.before["acceptance"]
    new = after["delivery"][len(second.before["delivery"]) :]
    assert {row["feed"]: row["outcome"] for row in new} == dict.fromkeys(FEEDS, "no_news")
    assert len(after["batch"]) == len(FEEDS)


def test_the_same_again_changes_no_row(second: Second) -> None:
    older, newer = (second.province.snapshot(name) for name in (second.older, second.newer))
    names = tables(newer, SERVED)
    assert tables(older, SERVED) == names
    assert len(names) >= 10
    assert differing(older, newer, names) == {}
    # the comparison would find a row
    assert "quality.delivery" in differing(older, newer, ["quality.delivery"])


def test_both_snapshots_are_kept_and_sound(second: Second) -> None:
    told = second.province.here("snapshots", "list", "--json").json()
    assert [(row["id"], row["published"]) for row in told] == [
        (second.newer, True),
        (second.older, False),
    ]
    assert second.province.here("snapshots", "verify", second.newer).code == 0
    page = second.province.snapshot(second.newer).with_name("nghiem-thu.html").read_text()
    assert all(text in page for text in (second.newer, "ĐƯỢC CÔNG BỐ", "marts.indicator_value"))
    diff = second.province.here("snapshots", "diff", second.older, second.newer, "--json").json()
    changed = {row["table"] for row in diff}
    assert changed == {
        "quality.delivery",
        "quality.rule_result",
        "quality.score",
        "quality.snapshot",
    }


def test_readers_see_no_error_and_only_whole_snapshots(second: Second) -> None:
    assert [reader.failures for reader in second.readers if reader.failures] == []
    assert len(second.readers) == 10
    assert min(reader.rounds for reader in second.readers) > 5
    seen = set().union(*(reader.seen for reader in second.readers))
    older, newer = (whole(second.province.snapshot(n)) for n in (second.older, second.newer))
    assert seen == {older, newer}
    assert older != newer


def test_a_connection_that_was_open_goes_on(second: Second) -> None:
    started_with, ended_with = second.kept
    assert started_with == ended_with
    assert started_with[0][0] > 1000


# -- a build that fails, then sources that break --------------------------------------------------


@dataclass
class Broken:
    """A copy of the province whose build failed once, and whose sources were broken then."""

    province: Province
    before: str
    failed: Done
    after_failure: str
    refresh: Done
    commune: str
    workbook: str


@pytest.fixture(scope="module")
def broken(first: First, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    copy = copied(first.province, tmp_path_factory.mktemp("broken") / "var")
    with served_apart(copy) as province:
        before = province.published_id()
        stations = sorted((province.sandbox / "so_y_te" / "benh-tuan").glob("*.csv"))
        accepted = province.home / "accepted" / "health__disease_weekly" / "batches"
        (accepted / "zzz.parquet").write_bytes(b"PAR1 but nothing that follows is Parquet")
        _send_twice(stations[3])
        failed = province.here("refresh")
        after_failure = province.published_id()
        (accepted / "zzz.parquet").unlink()
        stations[7].unlink()
        workbook = max((province.sandbox / "so_tai_chinh").glob("thu-nsnn-*.xlsx"))
        workbook.write_bytes(workbook.read_bytes()[:3000])
        with closing(sqlite3.connect(_land_database(province))) as database, database:
            database.execute("alter table bien_dong_dat rename column ma_xa to ma_phuong_xa")
        refresh = province.here("refresh")
        yield Broken(
            province, before, failed, after_failure, refresh, stations[7].name, workbook.name
        )


def _send_twice(path: Path) -> None:
    """The last row once more: a new batch, of the same rows."""
    with io.BytesIO(path.read_bytes()) as content:
        *_, last = content.readlines()
    path.write_bytes(path.read_bytes() + last)


def test_a_failing_build_keeps_what_was_published(first: First, broken: Broken) -> None:
    assert broken.failed.code == 1
    assert "NOT PUBLISHED" in broken.failed.out
    assert broken.before in broken.failed.out
    assert broken.after_failure == broken.before
    assert "why" in broken.failed.out
    assert "health__disease_weekly" in broken.failed.out + broken.failed.err
    assert "PUBLISHED snapshot" not in broken.failed.out
    old, kept = (p.snapshot(broken.before) for p in (first.province, broken.province))
    assert old.read_bytes() == kept.read_bytes()


def test_broken_sources_do_not_stop_the_province(broken: Broken) -> None:
    assert broken.refresh.code == 0, broken.refresh.err
    assert broken.province.published_id() != broken.before
    assert "PUBLISHED" in broken.refresh.out


def test_the_last_good_is_served(first: First, broken: Broken) -> None:
    old = first.province.snapshot(broken.before)
    new = broken.province.published
    staging = [staging_of(feed) for feed in FEEDS]
    marks = ("_batch_id", "_recorded_at")
    for name in staging:
        assert query(new, f"select count(*) from {name}")[0][0] > 200
    assert differing(old, new, staging, without=marks) == {}
    assert differing(old, new, ["marts.indicator_value"], without=("recorded_at",)) == {}
    file = f"so_y_te/benh-tuan/{broken.commune}"
    sql = "select count(*) from staging.health__disease_weekly where _file = "
    assert query(new, f"{sql}'{file}'")[0][0] > 30


def test_outcome_scores_and_problem_say_which(first: First, broken: Broken) -> None:
    before, after = first.status, broken.province.status()
    outcomes = {feed: after[feed]["outcome"] for feed in FEEDS}
    assert outcomes == {
        **dict.fromkeys(FEEDS, "no_news"),
        BUDGET: "partly_accepted",
        DISEASE: "partly_accepted",
        LAND: "structure_mismatch",
    }
    assert broken.workbook in after[BUDGET]["problem"]
    assert broken.commune in after[DISEASE]["problem"]
    assert "'ma_xa'" in after[LAND]["problem"]
    assert "ma_phuong_xa" in after[LAND]["problem"]
    for feed, fallen in {
        BUDGET: {"complete", "correct"},
        DISEASE: {"complete"},
        LAND: {"correct"},
    }.items():
        for dimension in fallen:
            was, now = before[feed]["scores"][dimension], after[feed]["scores"][dimension]
            assert now < was, (feed, dimension)
        assert after[feed]["scores"]["live"] > 90
    assert after[LAND]["scores"]["correct"] == 0
    assert after[LAND]["batch_id"] == before[LAND]["batch_id"]
    for named in (broken.workbook, broken.commune, "ma_xa"):
        assert named in broken.refresh.out, named


def test_no_row_vanishes_from_the_broken_night(first: First, broken: Broken) -> None:
    batches = ledger(broken.province)["batch"]
    # the first night's, the stations' of the night that failed, and two of the broken one
    assert len(batches) == len(FEEDS) + 1 + 2
    for row in batches:
        parts = row["rows_accepted"] + row["rows_quarantined"] + row["rows_duplicate"]
        assert row["rows_received"] == parts
    key: FeedKey = first.key.feeds[DISEASE]
    newest = broken.province.status()[DISEASE]
    assert 0 < newest["rows_received"] < key.rows_received


def test_the_answers_are_json(first: First) -> None:
    for arguments in (["snapshots", "list"], ["contracts", "list"], ["contracts", "check"]):
        done = first.province.here(*arguments, "--json")
        assert done.code == 0, done.err
        assert json.loads(done.out)
