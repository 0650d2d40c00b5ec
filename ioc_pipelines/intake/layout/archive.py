"""The members of a ZIP or tar archive, each as a file. Nothing is written by its name."""

from __future__ import annotations

import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError

_MOST_MEMBERS = 100_000
_MOST_BYTES = 4 * 1024**3
_CHUNK = 1024**2


def members(path: Path, name: str, pattern: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """The members whose path matches, copied one after the other into ``folder``.

    Yields where the bytes are and ``<archive>!<member>``. Raises UnreadableFileError when it is
    no archive, damaged, or larger unpacked than anything an agency sends, and
    StructureMismatchError when no member matches.
    """
    try:
        found = 0
        for number, (member, opened) in enumerate(_opened(path, name, pattern)):
            target = folder / str(number)
            with opened, target.open("wb") as file:
                _copy(opened, file, name)
            found += 1
            yield target, f"{name}!{member}"
            target.unlink()
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise UnreadableFileError(name, f"damaged archive: {type(error).__name__}") from error
    if not found:
        raise StructureMismatchError(name, f"no member of the archive matches {pattern!r}")


def _opened(path: Path, name: str, pattern: str) -> Iterator[tuple[str, IO[bytes]]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            infos = [i for i in archive.infolist() if not i.is_dir()]
            _limit(len(infos), sum(i.file_size for i in infos), name)
            for info in sorted(infos, key=lambda i: i.filename):
                if re.search(pattern, info.filename):
                    yield info.filename, archive.open(info)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            for count, member in enumerate(archive):
                _limit(count, member.size, name)
                # links and devices are no data
                if member.isfile() and re.search(pattern, member.name):
                    opened = archive.extractfile(member)
                    if opened is not None:
                        yield member.name, opened
    else:
        raise UnreadableFileError(name, "neither a ZIP nor a tar archive")


def _limit(count: int, size: int, name: str) -> None:
    if count > _MOST_MEMBERS or size > _MOST_BYTES:
        raise UnreadableFileError(
            name, f"archive too large: {count} members, {size} bytes unpacked"
        )


def _copy(source: IO[bytes], target: IO[bytes], name: str) -> None:
    """Copy by parts: what a member's header says of its size is not believed."""
    copied = 0
    while part := source.read(_CHUNK):
        copied += target.write(part)
        _limit(0, copied, name)


def copy_member(path: Path, member: str, target: Path) -> None:
    """Write one member's bytes, found by its exact path. Raises KeyError when it is not there."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open(member) as source:
            _write(source, target)
        return
    with tarfile.open(path) as tar:
        opened = tar.extractfile(member)
        if opened is None:
            raise KeyError(member)
        _write(opened, target)


def _write(source: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(source, file)
