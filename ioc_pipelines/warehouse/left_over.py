"""What a process that was killed left on the disk: cleared, or set aside, at the next start.

Only for a run that works alone in its data root: what is unfinished then is nobody's any more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ioc_pipelines.home import Home

PART = ".part"
SET_ASIDE = "set_aside"
_OPEN = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('select 1').fetchall()"


def clear_left_over(home: Home) -> list[Path]:
    """Remove unfinished files, folders and work spaces below the data root; returns which.

    Whatever is being written has a name that ends in ``.part``, or lies in ``temporary/``.
    """
    found = [*_unfinished(home.root), *_inside(home.temporary), *home.build.glob("*.duckdb.tmp")]
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return found


def _unfinished(root: Path) -> Iterator[Path]:
    """Paths with the mark of unfinished ones; Dagster keeps its own house."""
    for folder, names, files in os.walk(root):
        here = Path(folder)
        if here == root:
            names[:] = [name for name in names if name not in {"dagster", "temporary"}]
        yield from (here / name for name in [*names, *files] if name.endswith(PART))
        names[:] = [name for name in names if not name.endswith(PART)]


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def set_aside_unopenable(build: Path) -> list[Path]:
    """Set the build's DuckDB files aside when one of them cannot be opened; returns where they are.

    They are opened by another process: a damaged file or write-ahead log may end the one that opens
    it. Kept until the next time, for whoever wants to know why; the build begins empty.
    """
    files = sorted(build.glob("*.duckdb"))
    logs = [path for path in build.glob("*.duckdb.wal") if path.with_suffix("") not in files]
    if all(_opens(path) for path in files) and not logs:
        return []
    aside = build / SET_ASIDE
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    return [path.rename(aside / path.name) for path in sorted(build.glob("*.duckdb*"))]


def _opens(path: Path) -> bool:
    done = subprocess.run(  # noqa: S603  our own program, a path of ours
        [sys.executable, "-c", _OPEN, str(path)], capture_output=True, check=False
    )
    return done.returncode == 0
