"""Back up, verify, restore, keep: on a small data root, with the real archive."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from ioc_pipelines.home import Home
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.warehouse.backup import create as creating
from ioc_pipelines.warehouse.backup.archive import Archive
from ioc_pipelines.warehouse.backup.create import create
from ioc_pipelines.warehouse.backup.environment import archive_of, backup_key
from ioc_pipelines.warehouse.backup.manifest import BackupError
from ioc_pipelines.warehouse.backup.restore import restore
from ioc_pipelines.warehouse.backup.verify import verify
from ioc_pipelines.warehouse.pins import pin, pins
from ioc_pipelines.warehouse.snapshots import published_id
from ioc_pipelines.warehouse.snapshots import verify as verify_snapshot
from tests.ledger.delivering import NOW, A, deliver, state
from tests.servers import postgres_database
from tests.warehouse.backup.small_home import (
    ACCEPTED,
    KEY,
    ROWS,
    archive_beside,
    contents,
    put_rows,
    small_home,
)
from tests.warehouse.snapshot_files import name


def elsewhere(home: Home) -> Home:
    return Home(home.profile, home.root.parent / "elsewhere" / home.profile)


def test_what_is_restored_is_what_was_backed_up(home: Home, archive: Archive) -> None:
    pin(home, name(1), "report.monthly", "Báo cáo tháng")  # since the first backup
    before, rows = contents(home.root), state(Ledger(open_ledger(home.ledger_url)))
    made = create(home, archive)
    assert not (home.root / ".backup").exists()
    assert contents(home.root) == before
    sound = verify(home, archive)
    assert (sound.backup_id, sound.files, sound.bytes) == (made.backup_id, made.files, made.bytes)
    shutil.rmtree(home.root)
    done = restore(home, archive)
    assert (done.backup_id, done.files, done.bytes) == (made.backup_id, made.files, made.bytes)
    assert contents(home.root) == before
    assert state(Ledger(open_ledger(home.ledger_url))) == rows
    assert published_id(home) == done.published == name(2)
    verify_snapshot(home, name(2))
    assert pins(home, name(1)) == {"report.monthly": "Báo cáo tháng"}
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in home.root.iterdir()}
    private = ("landing", "accepted", "quarantine", "reports", "restored_from")
    assert {modes[folder] for folder in private} == {0o700}
    assert (modes["ledger.db"], modes["hash.key"]) == (0o600, 0o600)
    (blob,) = (home.landing / A.feed / "blobs").iterdir()
    assert stat.S_IMODE(blob.stat().st_mode) == 0o400
    assert not [path.name for path in home.root.parent.iterdir() if path.name.startswith(".")]


def test_the_manifest_tells_hashes_and_what_made_it(home: Home, archive: Archive) -> None:
    restore(elsewhere(home), archive)
    folder = elsewhere(home).root / "restored_from"
    told = json.loads((folder / "manifest.json").read_text())
    for path, content in contents(home.root).items():
        said = told["members"][path]
        assert said == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}, path
    assert told["ledger_rows"]["delivery"] == 1
    assert told["ledger_rows"]["snapshot"] == 2
    assert (told["published"], told["hash_key_from"]) == (name(2), "file")
    assert (folder / "configuration/sources/hung_yen/profile.yaml").is_file()
    assert (folder / "configuration/contracts/base.py").is_file()


def test_what_differs_from_this_project_is_said(
    home: Home, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert restore(elsewhere(home), archive).differs == ()
    monkeypatch.setattr("ioc_pipelines.warehouse.backup.restore.dbt_hash", lambda: "other")
    shutil.rmtree(elsewhere(home).root)
    assert restore(elsewhere(home), archive).differs == ("dbt_project",)


def test_a_second_backup_stores_only_what_is_new(home: Home, archive: Archive) -> None:
    (home.landing / "big").write_bytes(os.urandom(3_000_000))
    create(home, archive)
    first = sum(p.stat().st_size for p in archive.folder.rglob("*") if p.is_file())
    create(home, archive)
    second = sum(p.stat().st_size for p in archive.folder.rglob("*") if p.is_file())
    assert second - first < 300_000
    assert len(archive.entries()) == 3


def test_the_newest_are_kept(home: Home, archive: Archive) -> None:
    (old,) = archive.entries()
    ids = [create(home, archive, keep=2).backup_id for _ in range(2)]
    assert [entry.backup_id for entry in archive.entries()] == [ids[1], ids[0]]
    with pytest.raises(BackupError, match=f"no backup '{old.backup_id}'.*{ids[1]}"):
        restore(elsewhere(home), archive, old.backup_id)
    assert restore(elsewhere(home), archive, ids[0]).backup_id == ids[0]
    archive.check()


def test_what_a_writer_has_not_finished_is_left_out(home: Home, archive: Archive) -> None:
    """Beside whole files: a file under its temporary name, a transaction that is not committed."""
    half = home.accepted / "test__x" / "batches" / ".b2.parquet.77.part"
    half.write_bytes(b"PAR1")
    (home.snapshots / ".20261122T000000-0.part").mkdir()
    (home.snapshots / ".20261122T000000-0.part" / "ioc.duckdb").write_bytes(b"half")
    ledger = Ledger(open_ledger(home.ledger_url))
    deliver(ledger, A, NOW, name=None)  # committed, perhaps only in the write-ahead log so far
    engine = open_ledger(home.ledger_url)
    with engine.connect() as writing:
        writing.execute(sa.text("update delivery set outcome = 'half done'"))
        create(home, archive)
        writing.rollback()
    restore(elsewhere(home), archive)
    target = elsewhere(home)
    assert not list(target.root.rglob("*.part"))
    outcomes = [row["outcome"] for row in state(Ledger(open_ledger(target.ledger_url)))["delivery"]]
    assert outcomes == ["accepted", "source_unavailable"]


def test_rows_that_change_meanwhile_are_collected_again(
    home: Home, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An intake that is writing tears ledger and rows apart: the next look finds them whole."""
    put_rows(home, ROWS + 1)
    monkeypatch.setattr(creating, "_BETWEEN_TRIES_S", 0)
    with pytest.raises(BackupError, match=rf"{ACCEPTED} has 9 rows, ledger.db says 8"):
        create(home, archive)
    assert len(archive.entries()) == 1
    assert not (home.root / ".backup").exists()
    slept: list[float] = []

    def conclude(seconds: float) -> None:
        slept.append(seconds)
        put_rows(home, ROWS)

    monkeypatch.setattr(creating.time, "sleep", conclude)
    create(home, archive)
    assert len(slept) == 1
    restore(elsewhere(home), archive)
    assert contents(elsewhere(home).root) == contents(home.root)


def test_a_landed_file_that_is_gone_is_not_backed_up_in_silence(
    home: Home, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creating, "_BETWEEN_TRIES_S", 0)
    (blob,) = (home.landing / A.feed / "blobs").iterdir()
    blob.unlink()
    with pytest.raises(BackupError, match=f"{blob.name} was landed and is not there"):
        create(home, archive)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_only_an_empty_place_is_restored_into(home: Home, archive: Archive, what: str) -> None:
    target = elsewhere(home)
    target.root.parent.mkdir()
    if what == "file":
        target.root.write_text("mine")
    else:
        (target.root / "landing").mkdir(parents=True)
    with pytest.raises(BackupError, match="is not empty"):
        restore(target, archive)
    assert target.root.read_text() == "mine" if what == "file" else list(target.root.iterdir())
    with pytest.raises(BackupError, match="is not empty"):
        restore(home, archive)


def test_an_empty_folder_is_an_empty_place(home: Home, archive: Archive) -> None:
    elsewhere(home).root.mkdir(parents=True)
    restore(elsewhere(home), archive)
    assert contents(elsewhere(home).root) == contents(home.root)


def test_two_backups_at_once_are_one(home: Home, archive: Archive) -> None:
    with creating._stage(home), pytest.raises(BackupError, match="another backup"):
        create(home, archive)
    create(home, archive)


def test_nothing_can_be_read_in_the_archive_without_the_key(home: Home, archive: Archive) -> None:
    raw = b"".join(p.read_bytes() for p in archive.folder.rglob("*") if p.is_file())
    for plain in (b"landing", b"ledger", b"thang-11.csv", (home.root / "hash.key").read_bytes()):
        assert plain not in raw
    assert stat.S_IMODE(archive.folder.stat().st_mode) == 0o700


def test_without_a_backup_that_is_said(home: Home, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "new", KEY)
    assert archive.entries() == []
    with pytest.raises(BackupError, match="no backup 'at all'"):
        verify(home, archive)


def test_a_ledger_on_a_server_is_in_the_backup_and_comes_back(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres_database() as old, postgres_database() as new:
        monkeypatch.setenv("IOC_DATABASE_URL", old)
        home = small_home(tmp_path)
        assert not (home.root / "ledger.db").exists()
        before, rows = contents(home.root), state(Ledger(open_ledger(home.ledger_url)))
        archive = archive_beside(home)
        create(home, archive)
        verify(home, archive)
        shutil.rmtree(home.root)
        with pytest.raises(BackupError, match="the ledger on the server is not empty"):
            restore(home, archive, server_ledger=home.ledger_url)
        assert not home.root.exists()
        monkeypatch.setenv("IOC_DATABASE_URL", new)
        restore(home, archive, server_ledger=home.ledger_url)
        assert contents(home.root) == before
        assert not (home.root / "ledger.db").exists()
        assert state(Ledger(open_ledger(home.ledger_url))) == rows


# -- the key --------------------------------------------------------------------------------------


def test_another_key_opens_nothing(home: Home, archive: Archive) -> None:
    other = archive_beside(home, "a key that somebody else knows")
    for ask in (
        other.entries,
        lambda: verify(home, other),
        lambda: restore(elsewhere(home), other),
        lambda: create(home, other),
    ):
        with pytest.raises(BackupError, match="the key is not that of the archive"):
            ask()
    assert not elsewhere(home).root.exists()


def test_the_key_comes_from_the_environment(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BackupError, match="no key for the backup: set IOC_BACKUP_KEY"):
        backup_key(home)
    path = tmp_path / "backup.key"
    path.write_text("k" * 32 + "\n")
    path.chmod(0o644)
    monkeypatch.setenv("IOC_BACKUP_KEY_FILE", str(path))
    with pytest.raises(BackupError, match="can be read by others"):
        backup_key(home)
    path.chmod(0o600)
    assert backup_key(home) == "k" * 32
    inside = home.root / "backup.key"
    shutil.copy(path, inside)
    monkeypatch.setenv("IOC_BACKUP_KEY_FILE", str(inside))
    with pytest.raises(BackupError, match="lies in the data root"):
        backup_key(home)
    monkeypatch.setenv("IOC_BACKUP_KEY", "too short")
    with pytest.raises(BackupError, match="less than 20 characters"):
        backup_key(home)
    monkeypatch.setenv("IOC_BACKUP_KEY", "n" * 20)
    assert backup_key(home) == "n" * 20
    assert archive_of(home).folder == home.root / "backups"
    monkeypatch.setenv("IOC_BACKUP_DIR", str(tmp_path / "disk"))
    assert archive_of(home).folder == tmp_path / "disk" / "hung_yen"


def test_without_restic_that_is_said(
    home: Home, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackupError, match="apt-get install restic"):
        create(home, archive)
