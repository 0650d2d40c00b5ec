"""Files are there whole or not at all; a full disk is said with path and bytes."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from ioc_pipelines.durable import DiskFullError, is_of_full_disk, room_for, write_durably


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with ten bytes left."""
    usage = shutil.disk_usage("/")._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def test_what_does_not_fit_is_not_begun(tmp_path: Path, full: None) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"before")
    said = rf"disk full at {path}: 11 bytes needed, 10 bytes free; make room"
    with pytest.raises(DiskFullError, match=said):
        write_durably(path, b"x" * 11)
    assert path.read_bytes() == b"before"
    write_durably(path, b"x" * 10)
    assert [found.name for found in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_what_fills_up_while_it_is_written_leaves_nothing(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DiskFullError, match=r"a\.parquet: 3 bytes needed, \d+ bytes free"):
        write_durably(tmp_path / "a.parquet", b"abc")
    assert list(tmp_path.iterdir()) == []


def test_another_error_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), room_for(tmp_path / "a"):
        raise PermissionError(errno.EACCES, "no")


def test_a_database_says_it_in_its_own_words(tmp_path: Path) -> None:
    for words in ("database or disk is full", "No space left on device"):
        error = RuntimeError("step failed")
        error.__cause__ = sqlite3.OperationalError(words)
        assert is_of_full_disk(error, tmp_path)
    assert not is_of_full_disk(RuntimeError("disk I/O error"), tmp_path)
    assert not is_of_full_disk(None, tmp_path)


def test_an_io_error_without_room_is_of_a_full_disk(tmp_path: Path, full: None) -> None:
    assert is_of_full_disk(sqlite3.OperationalError("disk I/O error"), tmp_path)
    assert not is_of_full_disk(sqlite3.OperationalError("no such table"), tmp_path)
