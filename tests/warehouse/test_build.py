"""What a build makes anew: everything once a day, else what follows from changed datasets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from ioc_pipelines.catalog.load import Catalog, load_catalog
from ioc_pipelines.home import SOURCES, Home
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.records import BatchRecord, Conclusion, Feeder
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.warehouse import build
from ioc_pipelines.warehouse.build import BuildPlan, end_build, start_build

TODAY = date(2026, 11, 20)
CATALOG = load_catalog(SOURCES / "hung_yen")
DATASETS = ("health.disease_weekly", "land.transaction")
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


def _of(datasets: Sequence[str]) -> Catalog:
    """The province's catalog with these datasets only."""
    return replace(CATALOG, contracts={name: CATALOG.contracts[name] for name in datasets})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home("p", tmp_path / "p")
    home.build.mkdir(parents=True)
    return home


@pytest.fixture
def ledger(home: Home) -> Ledger:
    return Ledger(open_ledger(home.ledger_url))


def _accept(ledger: Ledger, dataset: str, batch_id: str, now: datetime = NOW) -> None:
    feeder = Feeder(f"a/{dataset}", "a", dataset)
    ref = ledger.begin(feeder, "run", now=now)
    batch = BatchRecord(batch_id, "1.0.0", 1, 1, 0, 0, "accepted")
    done = Conclusion("accepted", True, {}, batch, accept_for=ref.seq)
    ledger.conclude(ref, feeder, done, now=now)


def _built(home: Home, ledger: Ledger, today: date = TODAY) -> BuildPlan:
    """A build that succeeds."""
    plan = start_build(home, ledger, _of(DATASETS), today)
    duckdb.connect(str(home.build / "ioc.duckdb")).close()
    end_build(home, plan)
    return plan


def test_the_first_build_is_whole_and_the_next_follows_from_nothing(
    home: Home, ledger: Ledger
) -> None:
    (home.build / "ioc.duckdb").touch()
    (home.build / "work.duckdb.wal").touch()
    assert start_build(home, ledger, _of(DATASETS), TODAY).changed is None
    assert list(home.build.glob("*.duckdb*")) == []
    _built(home, ledger)
    assert _built(home, ledger).changed == ()
    assert (home.build / "ioc.duckdb").exists()


def test_what_was_accepted_since_is_built_again(home: Home, ledger: Ledger) -> None:
    _accept(ledger, "health.disease_weekly", "one")
    _built(home, ledger)
    _accept(ledger, "land.transaction", "two")
    assert _built(home, ledger).changed == ("land.transaction",)
    assert _built(home, ledger).changed == ()


def test_a_batch_judged_again_is_built_again(home: Home, ledger: Ledger) -> None:
    _accept(ledger, "land.transaction", "one")
    _built(home, ledger)
    feeder = Feeder("a/land.transaction", "a", "land.transaction")
    ref = ledger.begin(feeder, "run", now=NOW, replays=1)
    batch = BatchRecord("one", "1.0.0", 2, 1, 1, 0, "partly_accepted")
    later = datetime(2026, 11, 20, 3, tzinfo=UTC)
    done = Conclusion("partly_accepted", True, {}, batch, accept_for=1)
    ledger.conclude(ref, feeder, done, now=later)
    assert _built(home, ledger).changed == ("land.transaction",)


def test_another_order_of_its_feeds_builds_a_dataset_again(home: Home, ledger: Ledger) -> None:
    _built(home, ledger)
    catalog = _of(DATASETS)
    order = {"land.transaction": ("a/land.transaction", "b/land.transaction")}
    profile = catalog.profile.model_copy(update={"precedence": order})
    ordered = replace(catalog, profile=profile)
    assert start_build(home, ledger, ordered, TODAY).changed == ("land.transaction",)


def test_a_build_that_did_not_end_is_begun_anew(home: Home, ledger: Ledger) -> None:
    _built(home, ledger)
    assert start_build(home, ledger, _of(DATASETS), TODAY).changed == ()
    assert start_build(home, ledger, _of(DATASETS), TODAY).changed is None


def test_what_was_said_of_the_build_before_goes_with_it(home: Home, ledger: Ledger) -> None:
    for name in ("accepted.json", "nghiem-thu.html", "acceptance-errors.txt"):
        (home.build / name).touch()
    start_build(home, ledger, _of(DATASETS), TODAY)
    assert [path.name for path in home.build.iterdir() if path.is_file()] == []


def test_a_build_that_cannot_be_opened_is_begun_anew(home: Home, ledger: Ledger) -> None:
    _built(home, ledger)
    (home.build / "ioc.duckdb").write_bytes(b"not a database")
    assert _built(home, ledger).changed is None
    assert (home.build / "set_aside" / "ioc.duckdb").read_bytes() == b"not a database"
    assert _built(home, ledger).changed == ()


@pytest.mark.parametrize("note", [b"", b"{", b"[]"])
def test_a_damaged_note_of_the_build_is_none(home: Home, ledger: Ledger, note: bytes) -> None:
    _built(home, ledger)
    (home.build / "built.json").write_bytes(note)
    assert _built(home, ledger).changed is None


def test_another_day_and_another_project_begin_anew(
    home: Home, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    _built(home, ledger)
    assert _built(home, ledger, date(2026, 11, 21)).changed is None
    assert _built(home, ledger, date(2026, 11, 21)).changed == ()
    monkeypatch.setattr(build, "dbt_hash", lambda: "another")
    assert _built(home, ledger, date(2026, 11, 21)).changed is None


def test_a_dataset_that_is_new_to_the_build_is_built(home: Home, ledger: Ledger) -> None:
    end_build(home, start_build(home, ledger, _of(DATASETS[:1]), TODAY))
    assert start_build(home, ledger, _of(DATASETS), TODAY).changed == ("land.transaction",)
