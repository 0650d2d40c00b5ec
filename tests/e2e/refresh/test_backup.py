"""Back up, delete everything, restore, verify: equal; and the restored home refreshes on."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.province import DISEASE, Province, differing, tables
from tests.e2e.refresh.first_night import First

pytestmark = pytest.mark.e2e

KEPT = ("landing", "accepted", "quarantine", "snapshots", "reports", "hash.key")


@dataclass
class Rescued:
    """A home that was backed up, lost and restored; what the commands said."""

    before: Path
    province: Province
    environment: dict[str, str]
    made: dict[str, Any]
    sound: dict[str, Any]
    restored: dict[str, Any]
    status: tuple[Any, Any]


@pytest.fixture(scope="module")
def rescued(first: First, tmp_path_factory: pytest.TempPathFactory) -> Rescued:
    if shutil.which("restic") is None:
        pytest.skip("restic is not installed")
    base = tmp_path_factory.mktemp("rescued")
    province = Province(base / "var")
    shutil.copytree(first.province.home, province.home, symlinks=True)
    shutil.copytree(province.home, base / "before", symlinks=True)
    environment = {
        "IOC_SANDBOX": str(first.province.sandbox),
        "IOC_BACKUP_DIR": str(base / "disk"),
        "IOC_BACKUP_KEY": "a key that only the test knows",
    }

    def ioc(*arguments: str) -> Any:
        done = province.ioc(*arguments, "--json", **environment)
        assert done.code == 0, done.err
        return done.json()

    status = ioc("status")
    made = ioc("backup", "create")
    shutil.rmtree(province.home)
    sound = ioc("backup", "verify")
    restored = ioc("backup", "restore")
    return Rescued(
        base / "before", province, environment, made, sound, restored, (status, ioc("status"))
    )


def contents(root: Path) -> dict[str, bytes]:
    paths = [root / name for name in KEPT]
    files = [p for top in paths for p in (top.rglob("*") if top.is_dir() else [top])]
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in files if p.is_file()}


def test_everything_is_back(rescued: Rescued, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = contents(rescued.before), contents(rescued.province.home)
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []
    assert rescued.made["backup_id"] == rescued.sound["backup_id"] == rescued.restored["backup_id"]
    assert rescued.made["bytes"] == rescued.restored["bytes"] > 10_000_000
    with capsys.disabled():
        for what in ("made", "sound", "restored"):
            told = getattr(rescued, what)
            seconds, size = told["duration_s"], told["bytes"]
            sys.stdout.write(f"\nbackup {what}: {told['files']} files, {size} bytes, {seconds} s")


def test_readers_and_operators_find_what_they_had(rescued: Rescued) -> None:
    before, after = rescued.status
    for status in (before, after):
        for feed in status["feeds"]:
            feed.pop("age_s", None)
    assert before["snapshot"] == after["snapshot"]
    assert [feed["feed"] for feed in before["feeds"]] == [feed["feed"] for feed in after["feeds"]]
    for one, other in zip(before["feeds"], after["feeds"], strict=True):
        for fact in ("outcome", "rows_accepted", "rows_open", "scores"):
            assert one.get(fact) == other.get(fact), (one["feed"], fact)
    old = rescued.before / "published" / "ioc.duckdb"
    names = tables(old, ("staging", "core", "marts", "quality"))
    assert len(names) > 30
    assert differing(old, rescued.province.published, names) == {}


def test_the_restored_home_refreshes_on_and_publishes_the_same_marts(rescued: Rescued) -> None:
    province, old = rescued.province, rescued.before / "published" / "ioc.duckdb"
    before = province.published_id()
    done = province.ioc(
        "refresh", "--dataset", DISEASE.split("/")[1], "--json", **rescued.environment
    )
    assert done.code == 0, done.err
    assert province.published_id() != before
    names = tables(old, ("core", "marts"))
    assert differing(old, province.published, names) == {}
