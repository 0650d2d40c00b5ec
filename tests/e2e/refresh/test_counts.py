"""What every feed accepts and refuses is the sandbox's answer key; scores and counts add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from statistics import mean

import duckdb
import pytest

from contracts.base import DIMENSIONS
from tests.e2e.answers import FILE_FEEDS, TABLES, counts, planted, refused
from tests.e2e.province import (
    BOOKED,
    BUDGET,
    DOSSIER,
    FEEDS,
    INVESTMENT,
    PLANNED,
    SHOWN,
    query,
    staging_of,
)
from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e


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
            "select level, count(*), max(score), max(rating) filter (where level = 'province')"
            " from quality.scorecard"
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
    # codes were planted that are in no list: an identifier that is wrong leaves no green, and
    # the files of plans are known by their names alone
    assert {rating for *_, rating in levels} == {"amber", None}
    green = [feed["feed"] for feed in told if feed["rating"] != "amber"]
    assert green == ["so_xay_dung/planning.document"]
    required = len(FEEDS) + len(PLANNED)
    # by API or from a database: whatever is a table at its source
    assert covered == (required, required, len(FEEDS), len(TABLES))
    assert late == []


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


@pytest.mark.parametrize("feed", FEEDS)
def test_exactly_the_planted_rows_are_refused(first: First, feed: str) -> None:
    """Must-show 1: each planted row, by its place in the file or its key in the table."""
    key, told = first.key.feeds[feed], first.status[feed]
    assert counts(told) == counts(key)
    wanted = planted(feed, key)
    assert refused(first.province, feed, told["batch_id"]) == wanted
    assert sum(wanted.values()) == len(key.refused) >= key.rows_quarantined >= 10


@pytest.mark.parametrize("feed", FEEDS)
def test_the_places_are_published_as_they_were_refused(first: First, feed: str) -> None:
    key = first.key.feeds[feed]
    rows = first.province.query(
        "select source_file, sheet, row_number, rule, column_name, key_hash"
        f" from quality.refused_row where feed = '{feed}'"
    )
    assert len(rows) == len(key.refused)
    assert len({row[:3] for row in rows}) == key.rows_quarantined
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


def test_rules_that_were_broken_together_are_told_as_pairs(first: First) -> None:
    broken = defaultdict[tuple[str, object, object, object], list[str]](list)
    for feed in FILE_FEEDS:
        for row in first.key.feeds[feed].refused:
            broken[feed, row.file, row.sheet, row.row].append(row.rule)
    planted = Counter(
        (feed, *pair)
        for (feed, *_), rules in broken.items()
        for pair in combinations(sorted(rules), 2)
    )
    assert {feed for feed, *_ in planted} == {INVESTMENT}
    found = first.province.query(
        "select feed, rule_a, rule_b, rows_refused from quality.rule_pair order by all"
    )
    assert found == [(*pair, count) for pair, count in sorted(planted.items())]


def test_every_open_row_has_an_age(first: First) -> None:
    """All were refused this night: whoever is to mend them has time to look at them."""
    found = first.province.query(
        "select agency, dataset, age_class, open_rows, overdue_rows from quality.ageing"
    )
    assert {
        (agency, dataset): (kind, rows, late) for agency, dataset, kind, rows, late in found
    } == {
        tuple(feed.split("/")): ("to_verify", key.rows_quarantined, 0)
        for feed, key in first.key.feeds.items()
    }
    assert len(found) == len(FEEDS)


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
        wanted = [(first.key.feeds[feed].rows_accepted,)]
        file = "published/ioc" if feed in SHOWN else "build/work"
        assert query(first.province.home / f"{file}.duckdb", sql) == wanted, feed
