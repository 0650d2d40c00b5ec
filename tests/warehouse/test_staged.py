"""The valid version of each row, in the three load modes, built by the real dbt project.

One home holds all scenarios, because a build takes seconds. The project is copied and three test
datasets are added to it the way any dataset is added: a contract and a staging model.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pytest
from dbt.cli.main import dbtRunner

from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.corrections import Correction
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import SourceFile
from ioc_pipelines.home import DBT_PROJECT
from ioc_pipelines.ledger.complaints import Subject, Supply
from ioc_pipelines.orchestration.delivery import Report, deliver_correction, reprocess
from ioc_pipelines.orchestration.feedback import feedback_of
from ioc_pipelines.serving.dbt_sources import dbt_properties
from ioc_pipelines.warehouse import dbt_build as runner
from ioc_pipelines.warehouse.build import dbt_environment, start_build
from ioc_pipelines.warehouse.cases import faults_now
from ioc_pipelines.warehouse.dbt_build import NodeResult, dbt_build
from tests.orchestration.deployments import (
    COLUMNS,
    CONTRACTS,
    DAY,
    HEADERS,
    NAME,
    NIGHT,
    Bench,
    Claims,
    Row,
    csv_feed,
    entry,
    info,
    with_feed,
    write_csv,
)
from tests.published import columns_holding

FACTS = {
    "IOC_SNAPSHOT_ID": "20261120T190000-cafe",
    "IOC_RUN_ID": "run-1",
    "IOC_BUILT_AT": "2026-11-20T19:00:00+00:00",
    "IOC_DBT_HASH": "abc",
}
Staged = dict[str, tuple[int, bool]]


class Aggregated(Claims):
    """Personal data of which only counts may be published."""

    __contract__ = replace(info("upsert"), dataset="test.aggregate", publish="aggregate")


class Ordered(Claims):
    """Told by several agencies, of which the profile says whose row goes first."""

    __contract__ = replace(info("upsert"), dataset="test.ordered")


PRECEDENCE = {"test.ordered": ("so_c/test.ordered", "so_a/test.ordered")}
TWICE: Mapping[str, Any] = {"test.aggregate": Aggregated, "test.ordered": Ordered}


@dataclass
class World:
    """The built home: what was delivered, and the two files that dbt wrote."""

    bench: Bench
    results: list[NodeResult]
    reports: Mapping[str, list[Report]]

    def file(self, name: str = "ioc") -> Path:
        return self.bench.deployment.home.build / f"{name}.duckdb"

    def query(self, sql: str, file: str = "ioc") -> list[Any]:
        with duckdb.connect(str(self.file(file)), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def staged(self, dataset: str, feed: str, file: str = "ioc") -> Staged:
        """Amount and carried-forward mark by code, of one feed."""
        rows = self.query(
            "select code, amount, _is_carried_forward"
            f" from staging.test__{dataset} where _feed = '{feed}/test.{dataset}'",
            file,
        )
        assert len(rows) == len({code for code, *_ in rows})
        return {code: (amount, carried) for code, amount, carried in rows}

    def batches(self, feed: str, dataset: str) -> list[str]:
        reports = self.reports[f"{feed}/{dataset}"]
        return [report.batch.batch_id for report in reports if report.batch]


def claims(**amounts: int) -> list[Row]:
    """``K001=5`` is a good row; a negative amount is refused."""
    return [(code, NAME, str(amount), "15/11/2026") for code, amount in amounts.items()]


# deliveries by feed and dataset, oldest first; None is a file of another table
STORIES: Mapping[tuple[str, str], list[list[Row] | None]] = {
    ("so_a", "upsert"): [
        claims(K001=1, K002=2, K003=3, K004=4),
        claims(K001=10, K002=-1, K005=5, K099=-1),
        None,
    ],
    ("so_b", "upsert"): [
        claims(K101=1, K102=2),
        claims(K101=100, K102=200, K103=300),
        claims(K101=1, K102=2),
    ],
    # the same claims told by two agencies: whoever told last is right
    ("so_c", "upsert"): [claims(K150=1, K151=1)],
    ("so_d", "upsert"): [claims(K150=2)],
    ("so_a", "snapshot"): [
        claims(K001=1, K002=2, K003=3, K004=4, K005=5),
        claims(K001=10, K002=-1, K005=50, K006=60),
        claims(K001=11, K002=-1, K003=-1, K005=55, K099=-1),
    ],
    ("so_b", "snapshot"): [claims(K201=1, K202=2)],
    ("so_c", "snapshot"): [
        claims(K301=1, K302=2),
        claims(K302=20, K303=30),
        claims(K301=1, K302=2),
    ],
    ("so_d", "snapshot"): [
        claims(K401=1, K402=2, K403=3),
        claims(K401=-1, K402=-1, K403=-1),  # every row refused
    ],
    # corrected by a pack: before the next full delivery, and after the last one
    ("so_e", "snapshot"): [
        claims(K701=1, K702=-1, K703=-1, K704=4),
        claims(K701=11, K702=-1, K704=44),
    ],
    ("so_f", "snapshot"): [claims(K801=1, K802=-1)],
    ("so_a", "append"): [claims(K001=1, K002=2), claims(K003=3), claims(K004=-1, K005=5)],
    # three agencies tell the same claims: the profile says that so_c goes before so_a
    ("so_a", "ordered"): [
        claims(K601=1, K602=2, K603=3),
        claims(K601=10, K602=2, K603=3),
    ],
    ("so_b", "ordered"): [claims(K603=33)],
    ("so_c", "ordered"): [claims(K601=7, K602=2, K604=4)],
    ("so_d", "ordered"): [claims(K699=1)],  # shares nothing with the others
    ("so_a", "aggregate"): [claims(K001=1, K002=2)],
}


KNOWN_ERRORS = tuple(
    Correction.model_validate(
        {
            "id": id_,
            "key": {"code": code},
            "column": "amount",
            "reason": "Nhập nhầm",
            "provider": "Cơ quan thử",
            "reported_on": "2026-11-02",
            "status": "active",
            **facts,
        }
    )
    for id_, code, facts in (
        ("nham-don-vi", "K001", {"action": "override", "value": 987654, "expected": 1}),
        ("nghi-ngo", "K003", {"action": "flag", "expected": 3}),
        ("bo-dong", "K005", {"action": "drop", "expected": 5}),
        ("da-sua", "K002", {"action": "override", "value": 9, "expected": 777111}),
    )
)


CORRECTED = {
    ("so_e", "snapshot"): {"K702": 20, "K703": 30},
    ("so_f", "snapshot"): {"K802": 82},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    before = dict(os.environ)
    try:
        yield _made(tmp_path_factory.mktemp("staged"))
    finally:
        os.environ.clear()
        os.environ.update(before)


def _made(folder: Path) -> World:
    os.environ["TEST_DROP"] = str(folder / "drop")
    feeds = {story: _feed(*story) for story in STORIES}
    corrected = feeds["so_a", "append"]
    feeds["so_a", "append"] = replace(corrected, corrections=KNOWN_ERRORS)
    wrong = csv_feed("upsert", "so_w", columns={**COLUMNS, "code": {"source": "Mã cũ"}})
    real = all_contracts()
    budget = entry(real["finance.budget_revenue"], "so_t", **_budget())
    dossier = entry(real["public_services.procedure_dossier"], "vp", **_dossier())
    bench = Bench.of(folder, *feeds.values(), wrong, budget, dossier)
    reports: dict[str, list[Report]] = {}
    for night in range(3):
        for (agency, dataset), entry_ in feeds.items():
            story = STORIES[agency, dataset]
            if night < len(story):
                report = _night(bench, entry_, story[night], NIGHT + night * DAY)
                reports.setdefault(f"{agency}/{dataset}", []).append(report)
                if night == 0 and (agency, dataset) in CORRECTED:
                    _correct(bench, entry_, report, CORRECTED[agency, dataset], folder)
    _mend(bench, wrong)
    _write_real(bench)
    for feed in (budget, dossier):
        reports[feed.id] = [bench.deliver(NIGHT, feed)]
    deployment = bench.deployment
    everything = {**real, **CONTRACTS, **TWICE}
    deployment.rows.prepare(everything.values())
    runner.DBT_PROJECT = _project(folder / "dbt_project", everything)  # type: ignore[misc]
    deployment.complaints.add(
        Subject("TAX", "month", "2026-10-01", "33@2025-07-01", "s1", 1.0),
        [Supply("so_a/x", "b1", "so_a"), Supply("so_a/x", "b2", "so_a"), Supply("y", "b", "so_b")],
        text=f"sai, hỏi {NAME}",
        complainant=NAME,
        actor="anh Ba",
        now=NIGHT,
        due_at=NIGHT + 5 * DAY,
    )
    try:
        catalog = deployment.catalog
        profile = catalog.profile.model_copy(update={"precedence": PRECEDENCE})
        catalog = replace(catalog, profile=profile)
        known = {
            "refused_case": deployment.cases(datetime.now(UTC)),
            **faults_now(deployment.ledger, deployment.rows),
        }
        start_build(deployment.home, deployment.ledger, catalog, date(2026, 11, 20), known)
        results = dbt_build(deployment.home, FACTS)
    finally:
        runner.DBT_PROJECT = DBT_PROJECT  # type: ignore[misc]
    return World(bench, results, reports)


def _correct(
    bench: Bench, feed: FeedEntry, report: Report, amounts: Mapping[str, int], folder: Path
) -> None:
    """The pack of a batch, corrected by an officer and taken back."""
    assert report.batch is not None
    name, now = report.batch.batch_id, datetime.now(UTC)
    pack = feedback_of(bench.deployment, feed, name, now, masked=True)
    path = folder / pack.pack_name
    path.write_bytes(pack.pack)
    book = openpyxl.load_workbook(path)
    sheet = book["Cần sửa"]
    headings = [cell.value for cell in sheet[3]]
    code, amount = (headings.index(heading) + 1 for heading in ("Mã", "Số tiền"))
    for row in range(4, sheet.max_row + 1):
        sheet.cell(row, amount).value = amounts[sheet.cell(row, code).value]
    book.save(path)
    file = SourceFile(path.name, path)
    taken = deliver_correction(bench.deployment, feed, "run", file, NIGHT)
    assert taken.outcome == "accepted"


def _feed(agency: str, dataset: str) -> FeedEntry:
    pattern = f"{agency}-{dataset}/*.csv"
    facts: dict[str, Any] = {
        "connector": {"kind": "files", "root_env": "TEST_DROP", "pattern": pattern, "quiet_s": 0},
        "acceptance_floor": 0.3,
    }
    if contract := TWICE.get(f"test.{dataset}"):
        layout = {"format": "csv", "delimiter": ";"}
        return entry(contract, agency, columns=COLUMNS, layout=layout, **facts)
    return csv_feed(dataset, agency, **facts)


def _night(bench: Bench, feed: FeedEntry, rows: list[Row] | None, now: datetime) -> Report:
    folder = f"{feed.agency.code}-{feed.feed.dataset.removeprefix('test.')}"
    headers = HEADERS if rows is not None else ("x", "y", "z", "t")
    write_csv(bench.drop / folder / "1.csv", rows or claims(K001=1), headers)
    return bench.deliver(now, feed)


def _mend(bench: Bench, wrong: FeedEntry) -> None:
    """A delivery under the wrong key column, judged again under the right one."""
    rows = [(*row, f"K9{row[0][2:]}") for row in claims(K501=1, K502=2)]
    write_csv(bench.drop / "so_w" / "1.csv", rows, (*HEADERS, "Mã cũ"))
    assert bench.deliver(NIGHT, wrong).outcome == "accepted"
    (report,) = reprocess(bench.deployment, with_feed(wrong, columns=COLUMNS), "again")
    assert report.outcome == "accepted"


def _budget() -> dict[str, Any]:
    names = ("period", "commune_code", "year_plan_vnd", "month_vnd", "cumulative_vnd", "closed_on")
    columns: dict[str, Any] = {name: {"source": name} for name in names}
    return {
        "connector": {
            "kind": "files",
            "root_env": "TEST_DROP",
            "pattern": "so_t/*.csv",
            "quiet_s": 0,
        },
        "layout": {"format": "csv", "delimiter": ";"},
        "columns": columns,
    }


def _dossier() -> dict[str, Any]:
    columns = {name: {"source": name} for name in _DOSSIER}
    return {
        "connector": {
            "kind": "files",
            "root_env": "TEST_DROP",
            "pattern": "vp/*.csv",
            "quiet_s": 0,
        },
        "layout": {"format": "csv", "delimiter": ";"},
        "columns": columns,
    }


_DOSSIER = {
    "dossier_code": "H31.10-261101-00001",
    "procedure_code": "1.001193",
    "commune_code": "",
    "applicant_name": NAME,
    "channel": "online",
    "status": "done",
    "received_at": "2026-11-01 08:00:00",
    "due_at": "2026-11-03 17:00:00",
    "finished_at": "2026-11-02 09:00:00",
    "updated_at": "2026-11-02 09:00:00",
}


def _communes() -> list[str]:
    units = pl.read_csv(DBT_PROJECT / "seeds" / "admin_unit.csv", infer_schema=False)
    own = units.filter(pl.col("valid_to").is_null(), level="commune", province_code="33")
    return own["code"].sort().to_list()[:3]


def _write_real(bench: Bench) -> None:
    """Two real datasets; the second commune has no plan, which its contract allows."""
    communes = _communes()
    rows = [
        ("2026-10", communes[0], "1000", "50", "400", "2026-10-31"),
        ("2026-10", communes[1], "0", "7", "7", "2026-10-31"),
        ("2026-10", communes[2], "3000", "100", "600", "2026-10-31"),
    ]
    write_csv(bench.drop / "so_t" / "1.csv", rows, tuple(_budget()["columns"]))
    dossier = {**_DOSSIER, "commune_code": communes[0]}
    write_csv(bench.drop / "vp" / "1.csv", [tuple(dossier.values())], tuple(dossier))


def _project(folder: Path, contracts: Mapping[str, Any]) -> Path:
    """A copy of the dbt project with the test datasets added."""
    shutil.copytree(DBT_PROJECT, folder, ignore=shutil.ignore_patterns("target", "logs"))
    staging = folder / "models" / "staging"
    (staging / "_contracts.yml").write_text(dbt_properties(contracts), encoding="utf-8")
    for dataset in contracts:
        name = dataset.replace(".", "__")
        (staging / f"{name}.sql").write_text(f'{{{{ staged("{name}") }}}}\n')
    return folder


# -- the build ------------------------------------------------------------------------------------


def test_the_stories_went_as_told(world: World) -> None:
    outcomes = {feed: [r.outcome for r in reports] for feed, reports in world.reports.items()}
    partly = "partly_accepted"
    assert outcomes["so_a/upsert"] == ["accepted", partly, "structure_mismatch"]
    assert outcomes["so_a/snapshot"] == ["accepted", partly, partly]
    assert outcomes["so_d/snapshot"] == ["accepted", "below_floor"]
    assert outcomes["so_c/snapshot"] == ["accepted"] * 3
    assert outcomes["so_t/finance.budget_revenue"] == ["accepted"]
    assert outcomes["vp/public_services.procedure_dossier"] == ["accepted"]


def test_every_model_and_test_passes(world: World) -> None:
    assert [(r.name, r.message) for r in world.results if r.failed or r.skipped] == []
    kinds = [result.unique_id.split(".")[0] for result in world.results]
    assert kinds.count("model") >= 20
    assert kinds.count("test") >= 20
    assert kinds.count("seed") >= 8


def test_the_published_file_can_be_read_by_older_clients(world: World) -> None:
    header = (world.bench.deployment.home.build / "ioc.duckdb").read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert 64 <= struct.unpack("<Q", header[12:20])[0] <= 68


def test_the_file_says_which_snapshot_it_is(world: World) -> None:
    rows = world.query("select snapshot_id, run_id, dbt_hash, built_at from quality.snapshot")
    ((snapshot_id, run_id, dbt_hash, built_at),) = rows
    assert (snapshot_id, run_id, dbt_hash) == ("20261120T190000-cafe", "run-1", "abc")
    assert built_at.astimezone(UTC) == datetime(2026, 11, 20, 19, tzinfo=UTC)


# -- upsert ---------------------------------------------------------------------------------------


def test_upsert_takes_the_newest_accepted_version_of_each_key(world: World) -> None:
    assert world.staged("upsert", "so_a") == {
        "K001": (10, False),
        "K002": (2, False),  # its new row was refused: the last good stays
        "K003": (3, False),  # not sent again: it stays
        "K004": (4, False),
        "K005": (5, False),
    }


def test_a_batch_that_is_accepted_again_is_the_newest(world: World) -> None:
    first, second, again = world.batches("so_b", "upsert")
    assert first == again != second
    assert world.staged("upsert", "so_b") == {
        "K101": (1, False),
        "K102": (2, False),
        "K103": (300, False),
    }


def test_of_two_feeds_the_newest_delivery_of_a_key_wins(world: World) -> None:
    assert world.staged("upsert", "so_c") == {"K151": (1, False)}
    assert world.staged("upsert", "so_d") == {"K150": (2, False)}


def test_the_declared_feed_goes_before_a_newer_delivery(world: World) -> None:
    assert world.staged("ordered", "so_c") == {
        "K601": (7, False),  # so_a told it again the next night
        "K602": (2, False),
        "K604": (4, False),
    }
    # so_b is not named: it comes after so_a, though so_a is older there
    assert world.staged("ordered", "so_a") == {"K603": (3, False)}
    assert world.staged("ordered", "so_b") == {}


def test_what_two_feeds_say_of_one_key_is_shown(world: World) -> None:
    a, b, c = (f"so_{x}/test.ordered" for x in "abc")
    rows = world.query(
        "select k.code, status, feed_a, feed_b, columns_differing, winner, batch_a, batch_b"
        " from quality.reconciliation as r join ("
        "   select distinct code, _key_hash"
        f"   from read_parquet('{world.bench.deployment.home.accepted}/test__ordered/batches/*'))"
        " as k on k._key_hash = r.key_hash where dataset = 'test.ordered'"
    )
    found = sorted(row[:6] for row in rows)
    assert found == sorted(
        [
            ("K601", "conflicting", c, a, "amount", c),
            ("K602", "matched", c, a, None, c),
            ("K603", "only_there", c, a, None, a),
            ("K604", "only_here", c, a, None, c),
            ("K601", "only_here", a, b, None, c),
            ("K602", "only_here", a, b, None, c),
            ("K603", "conflicting", a, b, "amount", a),
        ]
    )
    first, newest = world.batches("so_a", "ordered")
    ((batch_a, batch_b),) = [row[6:] for row in rows if row[0] == "K601" and row[2] == c]
    assert (batch_a, batch_b) == (world.batches("so_c", "ordered")[0], newest)
    assert first != newest


def test_feeds_that_share_nothing_are_not_compared(world: World) -> None:
    rows = world.query("select dataset, feed_a, feed_b from quality.reconciliation group by all")
    pairs = {(dataset, *sorted((a[:4], b[:4]))) for dataset, a, b in rows}
    assert pairs == {
        ("test.ordered", "so_a", "so_c"),
        ("test.ordered", "so_a", "so_b"),
        ("test.upsert", "so_c", "so_d"),
    }
    ((winner, feed_a, status),) = world.query(
        "select winner, feed_a, status from quality.reconciliation"
        " where dataset = 'test.upsert' and status <> 'only_here'"
    )
    assert (winner, feed_a, status) == ("so_d/test.upsert", "so_c/test.upsert", "conflicting")
    columns = {row[0] for row in world.query("describe quality.reconciliation")}
    assert columns.isdisjoint({"amount", "name", "code"})


def test_superseded_rows_are_gone(world: World) -> None:
    assert world.staged("upsert", "so_w") == {"K501": (1, False), "K502": (2, False)}
    accepted = world.bench.deployment.home.accepted / "test__upsert" / "batches"
    codes = pl.concat([pl.read_parquet(p) for p in accepted.glob("*.parquet")])["code"]
    assert {"K901", "K902"} <= set(codes)  # they are on disk still, and stand for nothing


# -- snapshot -------------------------------------------------------------------------------------


def test_snapshot_replaces_the_set(world: World) -> None:
    assert world.staged("snapshot", "so_a") == {
        "K001": (11, False),
        "K002": (2, True),  # refused twice: its last good row, of the first night
        "K003": (3, True),  # closed the second night, sent and refused the third
        "K005": (55, False),
        # K004 and K006 are no longer sent; K099 never had a good row
    }


def test_a_snapshot_of_another_feed_closes_nothing(world: World) -> None:
    assert world.staged("snapshot", "so_b") == {"K201": (1, False), "K202": (2, False)}


def test_a_snapshot_that_is_accepted_again_closes_what_came_between(world: World) -> None:
    assert world.staged("snapshot", "so_c") == {"K301": (1, False), "K302": (2, False)}


def test_a_snapshot_refused_whole_leaves_the_last_good(world: World) -> None:
    assert world.staged("snapshot", "so_d") == {
        "K401": (1, False),
        "K402": (2, False),
        "K403": (3, False),
    }


# -- append ---------------------------------------------------------------------------------------


def test_a_correction_lies_over_the_full_set_until_a_newer_one_has_its_key(world: World) -> None:
    assert world.staged("snapshot", "so_f") == {"K801": (1, False), "K802": (82, False)}
    assert world.staged("snapshot", "so_e") == {
        "K701": (11, False),
        "K702": (20, True),  # the source sends it wrong again: the correction is the last good row
        "K704": (44, False),  # K703 is no longer sent
    }
    found = world.query(
        "select feed, status, attempt, closed_at is not null, is_overdue, fault"
        " from quality.refused_row where feed in ('so_e/test.snapshot', 'so_f/test.snapshot')"
    )
    assert set(found) == {
        ("so_e/test.snapshot", "corrected", 2, True, False, "source"),
        ("so_f/test.snapshot", "corrected", 2, True, False, "source"),
    }
    assert len(found) == 4


def test_append_adds(world: World) -> None:
    assert world.staged("append", "so_a") == {
        "K001": (987654, False),  # a known error, corrected
        "K002": (2, False),
        "K003": (3, False),
    }


# -- known errors ---------------------------------------------------------------------------------


def test_a_row_says_which_known_errors_it_had(world: World) -> None:
    rows = world.query("select code, _corrections from staging.test__append order by code")
    assert rows == [("K001", "nham-don-vi"), ("K002", None), ("K003", "nghi-ngo")]


def test_known_errors_are_published_without_values(world: World) -> None:
    batches = world.batches("so_a", "append")
    rows = world.query(
        "select batch_id, correction_id, action, outcome, status, rows_found"
        " from quality.correction order by all"
    )
    night = dict(zip(batches, range(3), strict=True))
    active = "active"
    assert sorted((night[batch], *facts) for batch, *facts in rows if facts[2] != "absent") == [
        (0, "da-sua", "override", "differs", active, 1),
        (0, "nham-don-vi", "override", "applied", active, 1),
        (1, "nghi-ngo", "flag", "applied", active, 1),
        (2, "bo-dong", "drop", "applied", active, 1),
    ]
    assert len(rows) == 3 * len(KNOWN_ERRORS)
    columns = {row[0] for row in world.query("describe quality.correction")}
    assert columns.isdisjoint({"raw", "corrected", "expected", "value", "factor"})
    holding = columns_holding(world.file(), "777111", "987654")
    assert {place for place in holding if place.startswith("quality.")} == set()
    refused = world.query("select rule from quality.refused_row where feed = 'so_a/test.append'")
    assert sorted(refused) == [("correct.known_error",), ("correct.min",)]


# -- provenance and what may be published ---------------------------------------------------------


def test_every_staged_row_leads_to_its_batch_file_and_line(world: World) -> None:
    rows = world.query(
        "select code, _batch_id, _file, _row, _recorded_at from staging.test__upsert"
        " where _feed = 'so_a/test.upsert'"
    )
    first, second = world.batches("so_a", "upsert")
    found = {code: (batch, file, row) for code, batch, file, row, _ in rows}
    file = "so_a-upsert/1.csv"
    assert found == {
        "K001": (second, file, 2),
        "K002": (first, file, 3),
        "K003": (first, file, 4),
        "K004": (first, file, 5),
        "K005": (second, file, 4),
    }
    recorded = {batch: at.astimezone(UTC) for _, batch, _, _, at in rows}
    ledger = world.bench.deployment.ledger.acceptances.of("test.upsert")
    known = dict(ledger.select("batch_id", "recorded_at").rows())
    assert recorded == {batch: known[batch] for batch in recorded}
    assert len(recorded) == 2


def test_an_accepted_again_row_is_recorded_when_it_was_accepted_again(world: World) -> None:
    ledger = world.bench.deployment.ledger.acceptances.of("test.upsert")
    times = ledger.filter(feed="so_b/test.upsert")["recorded_at"].to_list()
    assert len(times) == 3
    ((found,),) = world.query("select _recorded_at from staging.test__upsert where code = 'K101'")
    assert found.astimezone(UTC) == times[2]


def test_personal_columns_stay_out_of_the_published_file(world: World) -> None:
    for table in ("test__upsert", "test__snapshot", "test__append"):
        columns = [row[0] for row in world.query(f"describe staging.{table}")]
        assert "name" not in columns
        assert columns[:3] == ["code", "amount", "paid_on"], table
    dossier = "staging.public_services__procedure_dossier"
    columns = [row[0] for row in world.query(f"describe {dossier}")]
    assert "applicant_name" not in columns
    assert world.query(f"select count(*) from {dossier}") == [(1,)]
    assert columns_holding(world.file(), NAME) == set()


def test_what_may_only_be_counted_stays_in_the_private_file(world: World) -> None:
    tables = "select table_name from duckdb_tables() where schema_name = 'staging'"
    assert ("test__aggregate",) not in world.query(tables)
    assert world.query("select count(*), min(name) from staging.test__aggregate", "work") == [
        (2, NAME)
    ]
    assert "staging.test__aggregate.name" in columns_holding(world.file("work"), NAME)


def test_only_tables_are_published(world: World) -> None:
    assert world.query("select count(*) from duckdb_views() where not internal") == [(0,)]
    schemas = {row[0] for row in world.query("select distinct schema_name from duckdb_tables()")}
    assert schemas == {"staging", "core", "marts", "quality"}


def test_the_unit_tests_of_the_models_pass(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that would be hard to check by what comes out of them: periods, targets, versions."""
    home = world.bench.deployment.home
    for name, value in {**dbt_environment(home), **FACTS}.items():
        monkeypatch.setenv(name, value)
    target = home.build / "dbt"
    project = str(world.bench.drop.parent / "dbt_project")
    result = dbtRunner().invoke(
        [
            *("test", "--select", "test_type:unit", "--log-level", "none"),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(target), "--log-path", str(target)),
        ]
    )
    assert result.exception is None
    told = {node.node.name: (str(node.status), node.message) for node in result.result.results}
    assert len(told) >= 6
    assert {name: why for name, (status, why) in told.items() if status != "pass"} == {}


# -- marts ----------------------------------------------------------------------------------------


def test_a_rate_over_nothing_is_no_number_and_stops_no_one(world: World) -> None:
    """A commune without a plan has no rate; its province's rate is over the others."""
    rows = world.query(
        "select u.code, v.value from marts.indicator_value as v"
        " join core.dim_admin_unit as u using (unit_id)"
        " where v.indicator_code = 'BUDGET_REVENUE_VS_PLAN' and v.period_type = 'month'"
    )
    first, second, third = _communes()
    found = dict(rows)
    assert second not in found
    assert found[first] == pytest.approx(40.0)
    assert found[third] == pytest.approx(20.0)
    # 400 + 7 + 600 of 1000 + 0 + 3000
    assert found["33"] == pytest.approx(100 * 1007 / 4000)
    nulls = "select indicator_code, unit_id from marts.indicator_value where value is null"
    assert world.query(nulls) == []


def test_a_province_is_the_sum_of_its_communes(world: World) -> None:
    rows = world.query(
        "select u.code, v.value, v.units_measured from marts.indicator_value as v"
        " join core.dim_admin_unit as u using (unit_id)"
        " where v.indicator_code = 'BUDGET_REVENUE_MONTH' and v.period_type = 'month'"
    )
    communes = _communes()
    assert {code: (value, units) for code, value, units in rows} == {
        communes[0]: (50, 1),
        communes[1]: (7, 1),
        communes[2]: (100, 1),
        "33": (157, 3),
    }


def test_every_value_has_its_lineage(world: World) -> None:
    batch = world.reports["vp/public_services.procedure_dossier"][0].batch
    assert batch is not None
    rows = world.query(
        "select l.indicator_code, l.feed, l.batch_id from marts.indicator_lineage as l"
        " where l.indicator_code in ('DOSSIERS_ON_TIME_RATE', 'DOSSIERS_RECEIVED_MONTH')"
        " and l.period_type = 'month' order by all"
    )
    feed = "vp/public_services.procedure_dossier"
    assert rows == [
        *[("DOSSIERS_ON_TIME_RATE", feed, batch.batch_id)] * 2,
        *[("DOSSIERS_RECEIVED_MONTH", feed, batch.batch_id)] * 2,
    ]


def test_quality_tables_are_the_ledger(world: World) -> None:
    ledger = world.bench.deployment.ledger
    for table, columns in {
        "batch": "batch_id, rows_received, rows_accepted, rows_quarantined, rows_duplicate",
        "delivery": "delivery_id, feed, outcome, batch_id, rows_received",
    }.items():
        known = ledger.table(table).select(columns.split(", ")).rows()
        assert len(known) > 10
        assert sorted(world.query(f"select {columns} from quality.{table}"), key=str) == sorted(
            known, key=str
        )
    refused = world.query("select feed, row_number, rule, status from quality.refused_row")
    own = sorted(row for row in refused if row[0] == "so_a/test.upsert")
    assert own == [
        ("so_a/test.upsert", 3, "correct.min", "open"),
        ("so_a/test.upsert", 5, "correct.min", "open"),
    ]


def test_complaints_are_published_without_what_people_wrote(world: World) -> None:
    rows = world.query(
        "select agency, status, indicator_code, due_at - opened_at, answered_at"
        " from quality.complaint order by agency"
    )
    five = timedelta(days=5)
    assert rows == [
        ("so_a", "open", "TAX", five, None),
        ("so_b", "open", "TAX", five, None),
    ]
    columns = [row[0] for row in world.query("describe quality.complaint")]
    assert columns == [
        *("reference", "agency", "status", "opened_at", "due_at", "answered_at"),
        *("indicator_code", "period_type", "period_start", "unit_id"),
    ]
    exports = world.bench.deployment.home.build / "ledger"
    assert not [p.name for p in exports.glob("*complaint_text*")]


def test_scores_are_dated_and_of_four_dimensions(world: World) -> None:
    rows = world.query("select feed, dimension, count(*) from quality.score group by all")
    feeds = {feed for feed, *_ in rows}
    assert len(feeds) == len(world.reports) + 1
    assert len(rows) == 4 * len(feeds)
    ((first, last),) = world.query("select min(scored_on), max(scored_on) from quality.score")
    assert datetime.now(UTC).date() - first <= timedelta(days=1)
    assert last >= first
