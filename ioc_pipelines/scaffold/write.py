"""Write several files or none: new ones never over what is there, changed ones put back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ioc_pipelines.durable import write_durably
from ioc_pipelines.scaffold.model import ScaffoldError


def write_all(new: Mapping[Path, str], changed: Mapping[Path, str]) -> None:
    """Make the ``new`` files and rewrite the ``changed`` ones.

    Raises ScaffoldError when a new one is there already. Whatever goes wrong, also half-way, leaves
    the files as they were, and no folder that was made for them.
    """
    there = [str(path) for path in new if path.exists()]
    if there:
        msg = f"there already, nothing is overwritten: {', '.join(there)}"
        raise ScaffoldError(msg, 2)
    before = {path: path.read_bytes() for path in changed if path.exists()}
    made: list[Path] = []
    written: list[Path] = []
    try:
        for path, text in new.items():
            made += _folders(path.parent)
            _create(path, text)
            written.append(path)
        for path, text in changed.items():
            write_durably(path, text.encode())
    except BaseException:
        for path in (*written, *map(_temporary, (*new, *changed))):
            path.unlink(missing_ok=True)
        for path in changed:
            if path in before and path.read_bytes() != before[path]:
                write_durably(path, before[path])
            elif path not in before:
                path.unlink(missing_ok=True)
        for folder in reversed(made):
            folder.rmdir()
        raise


def _folders(folder: Path) -> list[Path]:
    """Make the folder and those above it; returns the new ones, the outer first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir()
    return missing[::-1]


def _create(path: Path, text: str) -> None:
    """Write a file that must not be there, whole or not at all."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        write_durably(temporary, text.encode())
        os.link(temporary, path)  # never over another
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """What ``write_durably`` leaves behind when it is cut off."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")
