"""The members of a ZIP or tar archive, each as a file. Nothing is written by its name."""

from __future__ import annotations

import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ioc_pipelines.intake.errors import StructureMismatchError, UnreadableFileError
from ioc_pipelines.intake.legacy_text import readable

MEMBER = "!"
_MOST_MEMBERS = 100_000
_MOST_BYTES = 4 * 1024**3
_CHUNK = 1024**2

DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    KeyError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # encrypted, or packed in a way that Python has no reader for
)
"""What reading an archive raises when its bytes are not what they were."""
_SAYS_UTF_8 = 0x800


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
            yield target, f"{name}{MEMBER}{readable(member)}"
            target.unlink()
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the machine, such as a full disk, and not the archive
        raise UnreadableFileError(name, f"damaged archive: {type(error).__name__}") from error
    if not found:
        raise StructureMismatchError(name, f"no member of the archive matches {pattern!r}")


def _opened(path: Path, name: str, pattern: str) -> Iterator[tuple[str, IO[bytes]]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            infos = [i for i in archive.infolist() if not i.is_dir()]
            _limit(len(infos), sum(i.file_size for i in infos), name)
            for info in sorted(infos, key=lambda i: i.filename):
                path_inside = _name(info)
                if re.search(pattern, path_inside):
                    yield path_inside, archive.open(info)
    elif tarfile.is_tarfile(path):
        _read_to_its_end(path, name)
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


def _read_to_its_end(path: Path, name: str) -> None:
    """Unpack a tar archive once: its checksum stands behind the last member, and is not asked for
    by what reads members.
    """
    with tarfile.open(path) as archive:
        size = 0
        while archive.fileobj and (part := archive.fileobj.read(_CHUNK)):
            size += len(part)
            _limit(0, size, name)


def _name(info: zipfile.ZipInfo) -> str:
    """The member's path; programs that do not say that it is UTF-8 often write it all the same."""
    if info.flag_bits & _SAYS_UTF_8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


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
