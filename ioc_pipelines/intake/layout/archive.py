"""The members of a ZIP or tar archive, each as a file. Nothing is written by its name."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from ioc_pipelines.intake.errors import (
    OversizedFileError,
    StructureMismatchError,
    UnreadableFileError,
)
from ioc_pipelines.intake.legacy_text import readable

MEMBER = "!"
_MOST_MEMBERS = 100_000
_MOST_BYTES = 4 * 1024**3
# tables pack to a tenth or a fiftieth of their size; what packs to less than a hundredth is none
_MOST_PACKED, _NOT_WORTH_A_LOOK = 100, 32 * 1024**2
_CHUNK = 1024**2
_LONGEST_NAME = 255
_DEVICE = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_UNSEEN = re.compile("[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

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
_SHOWN = 80
_PACKED_BY: Sequence[tuple[bytes, Callable[[Path], Any]]] = (
    (b"\x1f\x8b", gzip.GzipFile),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
    (b"\x5d\0\0", lzma.LZMAFile),
)


_Member = tuple[str, int, IO[bytes]]
"""Its path inside, the size it declares, and its bytes."""


def members(path: Path, name: str, pattern: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """The members whose path matches, copied one after the other into ``folder``.

    Yields where the bytes are and ``<archive>!<member>``. Raises UnreadableFileError when it is
    no archive, damaged, larger unpacked than anything an agency sends, or when any member has a
    name or a kind that no honest archive has; StructureMismatchError when no member matches.
    """
    try:
        found = 0
        for number, (member, size, opened) in enumerate(_opened(path, name, pattern)):
            target = folder / str(number)
            with opened, target.open("wb") as file:
                _copy(opened, file, size, name)
            found += 1
            yield target, f"{name}{MEMBER}{readable(member)}"
            target.unlink()
    except DAMAGED as error:
        if is_of_the_machine(error):
            raise
        raise UnreadableFileError(name, f"damaged archive: {type(error).__name__}") from error
    if not found:
        raise StructureMismatchError(name, f"no member of the archive matches {pattern!r}")


def _opened(path: Path, name: str, pattern: str) -> Iterator[_Member]:
    if zipfile.is_zipfile(path):
        yield from _zipped(path, name, pattern)
        return
    _read_to_its_end(path, name)
    if not tarfile.is_tarfile(path):
        raise UnreadableFileError(name, "neither a ZIP nor a tar archive")
    yield from _tarred(path, name, pattern)


def _zipped(path: Path, name: str, pattern: str) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        require_size(infos, name)
        for info in infos:
            _require_plain(info.orig_filename, name)
            if stat.S_ISLNK(info.external_attr >> 16):
                raise _not_taken(_name(info), name, "is a link")
        for info in sorted(infos, key=lambda i: i.filename):
            path_inside = _name(info)
            if not info.is_dir() and re.search(pattern, path_inside):
                declared, info.file_size = info.file_size, _MOST_BYTES
                # to its true end: otherwise no further is read than it declares
                yield path_inside, declared, archive.open(info)


def _tarred(path: Path, name: str, pattern: str) -> Iterator[_Member]:
    with tarfile.open(path) as archive:
        found, size = archive.getmembers(), 0
        for count, member in enumerate(found):
            size += member.size
            _limit(count, size, name)
            _require_plain(member.name, name)
            if not (member.isfile() or member.isdir()):
                raise _not_taken(member.name, name, "is a link or a device")
        for member in found:
            if member.isfile() and re.search(pattern, member.name):
                opened = archive.extractfile(member)
                if opened is not None:
                    yield member.name, member.size, opened


def is_of_the_machine(error: Exception) -> bool:
    """Whether one of ``DAMAGED`` is no fault of the bytes: a full disk, and not a wrong place."""
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)


def require_size(
    infos: Sequence[zipfile.ZipInfo], name: str, most_bytes: int | None = None
) -> None:
    """Raise OversizedFileError when members, by what they declare, unpack to more than tables do.

    What they declare is not believed either: it is counted again when they are read.
    """
    _limit(len(infos), sum(info.file_size for info in infos), name, most_bytes)
    for info in infos:
        if _is_bomb(info.file_size, info.compress_size):
            raise _too_large(f"a member of {info.compress_size} bytes", info.file_size, name)


def _is_bomb(unpacked: int, packed: int) -> bool:
    return unpacked > _NOT_WORTH_A_LOOK and unpacked > _MOST_PACKED * packed


def _too_large(what: str, unpacked: int, name: str) -> OversizedFileError:
    return OversizedFileError(
        name, f"{what} unpacks to {unpacked} bytes or more: no table packs as small as that"
    )


def _require_plain(member: str, name: str) -> None:
    """Refuse an archive with a name that leads elsewhere, is a device, or is not what it shows."""
    parts = re.split(r"[/\\]", member)
    if _UNSEEN.search(member):
        raise _not_taken(member, name, "has characters in its name that do not show")
    if member.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", member) or ".." in parts:
        raise _not_taken(member, name, "leads out of the archive")
    if any(_DEVICE.match(part) for part in parts):
        raise _not_taken(member, name, "is the name of a device")
    if any(len(part.encode(errors="surrogatepass")) > _LONGEST_NAME for part in parts):
        raise _not_taken(member, name, f"has a name longer than {_LONGEST_NAME} bytes")


def _not_taken(member: str, name: str, why: str) -> UnreadableFileError:
    shown = quote(member[:_SHOWN], safe="/ !()[],.;:'=+@#&", errors="replace")
    return UnreadableFileError(name, f"its member '{shown}' {why}: nothing of the archive is taken")


def _read_to_its_end(path: Path, name: str) -> None:
    """Unpack a tar archive once: its checksum stands behind the last member, and is not asked for
    by what reads members.
    """
    packed = path.stat().st_size
    with _unpacked(path) as archive:
        size = 0
        while part := archive.read(_CHUNK):
            size += len(part)
            _limit(0, size, name)
            if _is_bomb(size, packed):
                raise _too_large(f"an archive of {packed} bytes", size, name)


def _unpacked(path: Path) -> IO[bytes]:
    """The tar inside, whatever packed it; no member is looked at yet."""
    with path.open("rb") as file:
        magic = file.read(6)
    for start, opener in _PACKED_BY:
        if magic.startswith(start):
            opened: IO[bytes] = opener(path)
            return opened
    return path.open("rb")


def _name(info: zipfile.ZipInfo) -> str:
    """The member's path; programs that do not say that it is UTF-8 often write it all the same."""
    if info.flag_bits & _SAYS_UTF_8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _limit(count: int, size: int, name: str, most_bytes: int | None = None) -> None:
    if count > _MOST_MEMBERS or size > (most_bytes or _MOST_BYTES):
        raise OversizedFileError(name, f"archive too large: {count} members, {size} bytes unpacked")


def _copy(source: IO[bytes], target: IO[bytes], declared: int, name: str) -> None:
    """Copy by parts: what a member's header says of its size is not believed."""
    copied = 0
    while part := source.read(_CHUNK):
        copied += target.write(part)
        if copied > declared:
            lies = f"a member is larger than the {declared} bytes that it declares"
            raise OversizedFileError(name, lies)
