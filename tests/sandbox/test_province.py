from __future__ import annotations

import json
import unicodedata
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median

import polars as pl
import pytest

from contracts.base import DIMENSIONS, VIETNAM, BatchContext
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.home import SOURCES
from ioc_pipelines.sandbox.answer_key import FILE_NAME, AnswerKey
from ioc_pipelines.sandbox.defects import Defect
from ioc_pipelines.sandbox.province import advance, all_systems, build
from ioc_pipelines.sandbox.state import State
from tests.sandbox.conftest import AS_OF, Sandbox

SYSTEMS = {system.FEED: system for system in all_systems()}


def test_every_active_feed_has_a_system_and_an_answer(sandbox: Sandbox) -> None:
    active = {entry.id for entry in load_catalog(SOURCES / "hung_yen").active}
    assert len(active) >= 14
    assert len({feed.split("/")[0] for feed in active}) >= 10
    assert set(SYSTEMS) == active == set(sandbox.answers.feeds)
    assert AnswerKey.read(sandbox.folder) == sandbox.answers
    state = State.read(sandbox.folder)
    assert state == State(seed=33, opened_on=AS_OF, as_of=AS_OF, pinned=True)


def test_there_are_about_250_000_rows(sandbox: Sandbox) -> None:
    assert 240_000 <= sum(key.rows_received for key in sandbox.answers.feeds.values()) <= 280_000


@pytest.mark.parametrize("feed", SYSTEMS)
def test_each_planted_rule_is_one_of_the_contract_and_is_there(sandbox: Sandbox, feed: str) -> None:
    contract = all_contracts()[feed.split("/")[1]]
    arrived = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=VIETNAM)
    listed = ("admin_unit.commune", "admin_unit.province", "indicator.code")
    context = BatchContext(arrived, {name: pl.Series(["12001"]) for name in listed})
    # the cell that cannot be read is refused before the contract is asked
    known = {(rule.id, rule.column) for rule in contract.row_rules(context)}
    known |= {("correct.readable", name) for name in contract.columns()}
    known |= {(judged.rule.id, judged.rule.column) for judged in contract.batch_rules()}
    defects: tuple[Defect, ...] = SYSTEMS[feed].DEFECTS  # type: ignore[attr-defined]
    planted = {(defect.rule, defect.column) for defect in defects}
    planted |= {defect.also for defect in defects if defect.also[0]}
    assert planted <= known
    found = {(row.rule, row.column) for row in sandbox.answers.feeds[feed].refused}
    assert found == planted


def test_every_dimension_is_spoilt(sandbox: Sandbox) -> None:
    counted: Counter[str] = Counter()
    for key in sandbox.answers.feeds.values():
        counted.update(key.dimensions)
    assert min(counted[dimension] for dimension in DIMENSIONS) >= 10
    shares = [k.rows_quarantined / k.rows_received for k in sandbox.answers.feeds.values()]
    assert all(0.002 < share < 0.2 for share in shares)
    assert median(shares) < 0.03


def test_the_same_arguments_write_the_same_data_in_place_of_what_was_there(
    sandbox: Sandbox, communes: pl.DataFrame, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    again.mkdir()
    (again / "old.txt").write_text("old")
    shuffled = communes.sample(fraction=1, shuffle=True, seed=1)
    assert build(again, shuffled, as_of=AS_OF, replace=True) == sandbox.answers
    assert _bytes(again) == _bytes(sandbox.folder)
    assert list(tmp_path.iterdir()) == [again]


def test_another_seed_writes_other_data(
    sandbox: Sandbox, communes: pl.DataFrame, tmp_path: Path
) -> None:
    other = build(tmp_path / "other", communes, as_of=AS_OF, seed=34)
    for name, feed in other.feeds.items():
        assert feed.refused != sandbox.answers.feeds[name].refused
        share = feed.rows_received / sandbox.answers.feeds[name].rows_received
        assert 0.95 < share < 1.05


@pytest.fixture(scope="module")
def next_day(
    sandbox: Sandbox, communes: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Sandbox:
    """The same sandbox a day later."""
    folder = sandbox.copy(tmp_path_factory.mktemp("next-day") / "sandbox")
    return Sandbox(folder, advance(folder, communes, to=AS_OF + timedelta(days=1)))


def test_a_day_more_changes_only_what_happened(
    sandbox: Sandbox, next_day: Sandbox, communes: pl.DataFrame, tmp_path: Path
) -> None:
    """Built at a day and advanced by one it is as if it had been advanced in one go."""
    folder, two = next_day.copy(tmp_path / "sandbox"), sandbox.copy(tmp_path / "two")
    before, after = _bytes(sandbox.folder), _bytes(folder)
    changed = {name for name in after if after[name] != before.get(name)}
    tables = {name for name in changed if name.endswith(".parquet")}
    # a Saturday: no month is closed, no week ends; offices and stations go on
    assert tables >= {"systems/lgsp/HoSoTTHC.parquet", "systems/quan_trac/du-lieu.parquet"}
    assert len(changed) < 40
    assert next_day.answers.as_of == AS_OF + timedelta(days=1)
    advance(two, communes, to=AS_OF + timedelta(days=20))
    advance(folder, communes, to=AS_OF + timedelta(days=20))
    assert _bytes(folder) == _bytes(two)
    months = {path.name for path in (folder / "so_tai_chinh").iterdir()}
    assert "thu-nsnn-2026-11.xlsx" in months


def test_time_goes_on_row_by_row(sandbox: Sandbox, next_day: Sandbox) -> None:
    """Dossiers: what a day changes says so, or was late by no more than the feed's overlap."""
    path = "systems/lgsp/HoSoTTHC.parquet"
    before, after = (pl.read_parquet(one.folder / path) for one in (sandbox, next_day))
    assert before.join(after, on="MaHoSo", how="anti").height < 5  # a code that was mended
    changed = after.join(before, on=after.columns, how="anti", nulls_equal=True)
    assert 20 < changed.height < 1000
    newest = str(before["CapNhatLuc"].max())
    assert changed.filter(pl.col("CapNhatLuc") <= newest).height > 0  # late ones are there
    overlap = (datetime.fromisoformat(newest) - timedelta(days=2)).isoformat()
    assert (changed["CapNhatLuc"] >= overlap).all()


def test_nothing_changed_after_the_day_it_is(sandbox: Sandbox) -> None:
    """But where a station's clock is planted to be wrong."""
    tabled = {feed: system.TABLE for feed, system in SYSTEMS.items() if hasattr(system, "TABLE")}
    assert len(tabled) >= 9
    for feed, table in tabled.items():
        changed = pl.read_parquet(table.path(sandbox.folder))[table.changed]
        refused = sandbox.answers.feeds[feed].refused
        planted = sum(row.column == "observed_at" for row in refused)
        assert (changed >= AS_OF.isoformat()).sum() == planted, feed
        assert changed.null_count() == 0, feed


def test_time_does_not_go_back(sandbox: Sandbox, communes: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="time does not go back to 2026-11-19"):
        advance(sandbox.folder, communes, to=date(2026, 11, 19))


@pytest.mark.parametrize("as_of", [date(2026, 1, 1), date(2027, 3, 1), date(2028, 2, 29)])
def test_any_day_can_be_built(communes: pl.DataFrame, tmp_path: Path, as_of: date) -> None:
    answers = build(tmp_path / "sandbox", communes, as_of=as_of)
    assert all(feed.rows_quarantined for feed in answers.feeds.values())


def test_an_existing_sandbox_is_replaced_only_on_request(
    communes: pl.DataFrame, tmp_path: Path
) -> None:
    folder = tmp_path / "sandbox"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    with pytest.raises(FileExistsError):
        build(folder, communes, as_of=AS_OF)
    assert (folder / "old.txt").exists()


def test_a_failed_build_leaves_what_was_there(
    communes: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    folder = tmp_path / "sandbox"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    monkeypatch.setattr(list(SYSTEMS.values())[1], "write", fail)
    with pytest.raises(OSError, match="No space left"):
        build(folder, communes, as_of=AS_OF, replace=True)
    assert [path.name for path in folder.iterdir()] == ["old.txt"]
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda frame: frame.drop("name"),
        lambda frame: frame.head(0),
        lambda frame: pl.concat([frame, frame.head(1)]),
    ],
)
def test_unfit_communes_are_refused(communes: pl.DataFrame, tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="communes"):
        build(tmp_path / "sandbox", spoil(communes), as_of=AS_OF)
    assert list(tmp_path.iterdir()) == []


def test_text_is_nfc_and_people_are_made_up(sandbox: Sandbox) -> None:
    text = (sandbox.folder / FILE_NAME).read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
    for path in sorted((sandbox.folder / "systems").rglob("*.parquet")):
        for column in pl.read_parquet(path):
            joined = column.drop_nulls().str.join().item() if column.len() else ""
            assert unicodedata.is_normalized("NFC", joined or "")
    names = pl.read_parquet(sandbox.folder / "systems" / "lgsp" / "HoSoTTHC.parquet")["NguoiNop"]
    assert names.drop_nulls().str.contains(r"^Người nộp \d{6}-\d{5}$").all()


def test_the_answer_key_is_not_where_a_feed_looks(sandbox: Sandbox) -> None:
    for entry in load_catalog(SOURCES / "hung_yen").active:
        pattern = getattr(entry.feed.connector, "pattern", None)
        if pattern:
            found = {path.name for path in sandbox.folder.glob(pattern)}
            assert found
            assert FILE_NAME not in found
    assert json.loads((sandbox.folder / FILE_NAME).read_bytes())["seed"] == 33


def _bytes(folder: Path) -> dict[str, bytes]:
    """Every file of the folder; a workbook says when it was made, so its parts are compared."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
