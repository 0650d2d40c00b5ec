"""How much of the disk each area of the data root takes, and what is left."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import polars as pl

from ioc_pipelines.home import Home

DISK = "disk_use"
DISK_SCHEMA = {
    "area": pl.String(),
    "files": pl.Int64(),
    "bytes": pl.Int64(),
    "free_bytes": pl.Int64(),
    "measured_at": pl.Datetime("us", "UTC"),
}
_ROOT = "."  # what lies beside the areas: the ledger, its log, the key


def disk_use(home: Home, now: datetime) -> pl.DataFrame:
    """One row per folder of the data root: ``DISK_SCHEMA``, largest first.

    ``free_bytes`` is that of the disk the folder lies on. Links are not followed; a file that
    goes away while it is counted counts nothing.
    """
    rows = []
    folders = {entry.name for entry in os.scandir(home.root) if entry.is_dir()}
    for name in sorted({_ROOT, *folders}):
        path = home.root / name
        files, size = _size(path, deep=name != _ROOT)
        rows.append((name, files, size, shutil.disk_usage(path).free, now))
    return pl.DataFrame(rows, schema=DISK_SCHEMA, orient="row").sort("bytes", descending=True)


def _size(path: Path, *, deep: bool) -> tuple[int, int]:
    files, size = 0, 0
    for folder, folders, names in os.walk(path):
        if not deep:
            folders.clear()
        for name in names:
            try:
                size += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118  of many files
                files += 1
            except FileNotFoundError:
                continue
    return files, size
