"""What each area of the data root takes of the disk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.disk import DISK_SCHEMA, disk_use

NOW = datetime(2026, 11, 20, 19, tzinfo=UTC)


def test_bytes_and_files_by_folder_and_of_what_lies_beside_them(tmp_path: Path) -> None:
    home = Home("test", tmp_path)
    for name, size in (("landing/a/1", 700), ("landing/a/b/2", 50), ("build/x", 3), ("led.db", 9)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    (tmp_path / "published").mkdir()
    link = tmp_path / "published" / "link"
    link.symlink_to(tmp_path / "landing" / "a" / "1")
    found = disk_use(home, NOW)
    assert found.schema == DISK_SCHEMA
    counted = {area: (files, bytes_) for area, files, bytes_, *_ in found.rows()}
    assert counted == {
        "landing": (2, 750),
        "published": (1, link.lstat().st_size),  # the link itself, not what it leads to
        ".": (1, 9),
        "build": (1, 3),
    }
    assert found["free_bytes"].min() > 0
