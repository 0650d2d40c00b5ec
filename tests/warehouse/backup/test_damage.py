"""What is damaged is refused, and named: every kind of part, and a restore that is cut short."""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ioc_pipelines.durable import DiskFullError
from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.backup import create as creating
from ioc_pipelines.warehouse.backup import restore as restoring
from ioc_pipelines.warehouse.backup.archive import Archive
from ioc_pipelines.warehouse.backup.create import create
from ioc_pipelines.warehouse.backup.manifest import (
    BackupError,
    BackupManifest,
    Member,
    require_equal,
)
from ioc_pipelines.warehouse.backup.restore import restore
from ioc_pipelines.warehouse.backup.verify import verify
from tests.warehouse.backup.small_home import ACCEPTED, contents, put_rows


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.chmod(0o600)
    os.truncate(path, path.stat().st_size // 2)


def remove(path: Path) -> None:
    path.unlink()


def place(home: Home) -> Home:
    return Home(home.profile, home.root.parent / "place" / home.profile)


def parts(archive: Archive, kind: str) -> list[Path]:
    return [path for path in (archive.folder / kind).rglob("*") if path.is_file()]


@pytest.mark.parametrize("harm", [flip, truncate, remove])
@pytest.mark.parametrize("kind", ["config", "keys", "index", "snapshots", "data"])
def test_a_damaged_part_is_refused_and_named(
    home: Home, archive: Archive, kind: str, harm: Callable[[Path], None]
) -> None:
    path = archive.folder / kind
    part = path if path.is_file() else max(parts(archive, kind), key=lambda p: p.stat().st_size)
    harm(part)
    with pytest.raises(BackupError) as refused:
        verify(home, archive)
    said = str(refused.value)
    assert str(archive.folder) in said
    assert part.relative_to(archive.folder).as_posix() in said
    with pytest.raises(BackupError, match="archive"):
        restore(place(home), archive)
    assert not place(home).root.parent.exists()
    assert not [p for p in home.root.iterdir() if p.name.startswith(".")]


def test_what_goes_wrong_while_it_is_read_leaves_nothing(
    home: Home, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that was sound when it was looked at and is not when it is read."""
    monkeypatch.setattr(archive, "check", lambda: None)
    for part in parts(archive, "data"):
        flip(part)
    with pytest.raises(BackupError, match=r"cannot be used \(dump\).*verification failed"):
        restore(place(home), archive)
    assert list(place(home).root.parent.iterdir()) == []


def _killed(root: str, folder: str, key: str) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    restoring._finish = die
    restore(Home("hung_yen", Path(root)), Archive(Path(folder), key))


def test_a_restore_that_is_killed_leaves_no_half_place(home: Home, archive: Archive) -> None:
    target = place(home)
    child = multiprocessing.get_context("spawn").Process(
        target=_killed, args=(str(target.root), str(archive.folder), archive._key)
    )
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    assert not target.root.exists()
    restore(target, archive)  # and what it left is in nobody's way
    assert contents(target.root) == contents(home.root)
    assert [path.name for path in target.root.parent.iterdir()] == [home.profile]


def test_what_does_not_fit_is_said_before_it_is_written(
    home: Home, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr("ioc_pipelines.durable.shutil.disk_usage", lambda _: usage)
    with pytest.raises(DiskFullError, match=r"\d{5,} bytes needed, 1000 bytes free"):
        restore(place(home), archive)
    assert list(place(home).root.parent.iterdir()) == []


def _killed_while_it_is_stored(root: str, folder: str, key: str) -> None:
    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    archive = Archive(Path(folder), key)
    archive.add = die  # type: ignore[method-assign,assignment]
    create(Home("hung_yen", Path(root)), archive)


def test_a_backup_that_is_killed_is_in_nobodys_way(home: Home, archive: Archive) -> None:
    child = multiprocessing.get_context("spawn").Process(
        target=_killed_while_it_is_stored,
        args=(str(home.root), str(archive.folder), archive._key),
    )
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    assert len(archive.entries()) == 1
    before = contents(home.root)
    made = create(home, archive)
    assert not (home.root / ".backup").exists()
    assert contents(home.root) == before
    assert restore(place(home), archive).backup_id == made.backup_id
    assert contents(place(home).root) == before


def test_a_restore_that_is_not_equal_is_refused(
    home: Home, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk gives back something else than was written to it."""
    extract = restoring._extract

    def badly(archive: Archive, entry: object, root: Path) -> None:
        extract(archive, entry, root)  # type: ignore[arg-type]
        flip(next((root / "landing").rglob("blobs/*")))

    monkeypatch.setattr(restoring, "_extract", badly)
    with pytest.raises(BackupError, match=r"changed: landing/so_a/test\.x/blobs/"):
        restore(place(home), archive)
    assert list(place(home).root.parent.iterdir()) == []


def test_a_difference_is_told_by_name_and_kind() -> None:
    one, other = Member(sha256="a", bytes=1), Member(sha256="b", bytes=1)
    manifest = BackupManifest.model_construct(members={"kept": one, "gone": one, "changed": one})
    require_equal(manifest, {"kept": one, "gone": one, "changed": one})
    with pytest.raises(BackupError) as refused:
        require_equal(manifest, {"kept": one, "changed": other, "new": one})
    assert str(refused.value).endswith("missing: gone; not in the manifest: new; changed: changed")


@pytest.mark.parametrize(
    ("tear", "said"),
    [
        (lambda home: put_rows(home, 3), f"{ACCEPTED} has 3 rows, ledger.db says 8"),
        (lambda home: (home.root / ACCEPTED).unlink(), f"{ACCEPTED} has 0 rows"),
        (lambda home: (home.root / ACCEPTED).write_bytes(b"PAR1"), "no whole Parquet file"),
        (lambda home: remove(next(home.landing.rglob("blobs/*"))), "was landed and is not there"),
    ],
    ids=["other rows", "no rows", "half a file", "no landing"],
)
def test_a_torn_backup_is_found_in_the_archive(
    home: Home,
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    tear: Callable[[Home], None],
    said: str,
) -> None:
    """Every hash is that of the manifest, and still it is not of one moment."""
    tear(home)
    monkeypatch.setattr(creating, "_require_one_moment", lambda _: None)
    create(home, archive)
    with pytest.raises(BackupError, match=re.escape(said)):
        verify(home, archive)


def test_a_backup_that_lacks_its_manifest_is_refused(
    home: Home, archive: Archive, tmp_path: Path
) -> None:
    stray = tmp_path / "stray"
    shutil.copytree(home.landing, stray / "landing")
    backup_id = archive.add(stray, host="hung_yen", size=0, files=1)
    for ask in (lambda: verify(home, archive), lambda: restore(place(home), archive)):
        with pytest.raises(BackupError, match=f"{backup_id} has no about/manifest.json"):
            ask()
