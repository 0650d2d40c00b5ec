"""Archives from outside: their members are read as files, and nothing is written by their name."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ioc_pipelines.catalog.layouts import CsvLayout
from ioc_pipelines.intake.errors import (
    FileRefusedError,
    OversizedFileError,
    StructureMismatchError,
    UnreadableFileError,
)
from ioc_pipelines.intake.layout import archive
from ioc_pipelines.intake.layout.archive import members
from ioc_pipelines.intake.layout.read import Part, read_file
from ioc_pipelines.intake.layout.table import Wanted

NAME = "so_y_te/thang_10.zip"
FILES = {"b/2.csv": "Mã;Số\n02;6\n", "a/1.csv": "Mã;Số\n01;5\n", "readme.txt": "x"}
KINDS = ["zip", "zip stored", "tar", "tar.gz", "tar.bz2", "tar.xz"]


def packed(kind: str, files: dict[str, str]) -> bytes:
    """An archive of that kind."""
    file = io.BytesIO()
    if kind.startswith("zip"):
        how = zipfile.ZIP_STORED if "stored" in kind else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(file, "w", how) as written:
            for name, content in files.items():
                written.writestr(name, content)
        return file.getvalue()
    compression = kind.partition(".")[2]
    with tarfile.open(fileobj=file, mode=f"w:{compression}") as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            tar.addfile(*member(name, content))
    return file.getvalue()


def member(name: str, content: str) -> tuple[tarfile.TarInfo, io.BytesIO]:
    facts = tarfile.TarInfo(name)
    facts.size = len(content.encode())
    return facts, io.BytesIO(content.encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where members are copied to, below folders that must stay empty."""
    inner = tmp_path / "outer" / "middle" / "inner"
    inner.mkdir(parents=True)
    return inner


def unpacked(
    content: bytes, folder: Path, pattern: str = r"\.csv$", name: str = NAME
) -> dict[str, str]:
    path = folder.parents[2] / "archive"
    path.write_bytes(content)
    return {
        shown: where.read_text(encoding="utf-8")
        for where, shown in members(path, name, pattern, folder)
    }


def written(folder: Path) -> Iterator[Path]:
    """Everything below the outer folder that is not one of the folders made for the test."""
    return (path for path in folder.parents[1].rglob("*") if path not in (folder, folder.parent))


@pytest.mark.parametrize("kind", KINDS)
def test_the_members_whose_path_matches_are_files(folder: Path, kind: str) -> None:
    assert unpacked(packed(kind, FILES), folder) == {
        f"{NAME}!a/1.csv": FILES["a/1.csv"],
        f"{NAME}!b/2.csv": FILES["b/2.csv"],
    }
    assert unpacked(packed(kind, FILES), folder, "^b/") == {f"{NAME}!b/2.csv": FILES["b/2.csv"]}
    assert list(written(folder)) == []


def test_one_member_at_a_time_is_on_the_disk(folder: Path) -> None:
    """An archive of thousands of files does not fill it."""
    path = folder.parents[2] / "archive"
    path.write_bytes(packed("zip", {f"{i}.csv": "x" for i in range(5)}))
    counts = [len(list(folder.iterdir())) for _ in members(path, NAME, "csv", folder)]
    assert counts == [1] * 5
    assert list(folder.iterdir()) == []


# --- names that lead elsewhere --------------------------------------------------------------------

LEADING = [
    "../../x.csv",
    "../../../../../../../../tmp/ioc_hostile.csv",
    "/tmp/ioc_hostile.csv",  # noqa: S108
    "a/../../../x.csv",
    "..\\..\\x.csv",
    "\\\\server\\share\\x.csv",
    "C:\\x.csv",
]
DEVICES = ["CON", "a/nul.csv", "Aux.csv", "com1.csv", "b\\LPT9"]
UNSEEN = ["fdp.\u202evsc.csv", "a\x07.csv", "\u2066a.csv"]
NAMED = {
    **dict.fromkeys(LEADING, "leads out of the archive"),
    **dict.fromkeys(DEVICES, "is the name of a device"),
    **dict.fromkeys(UNSEEN, "characters in its name that do not show"),
    "a" * 260 + ".csv": "longer than 255 bytes",
}


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize("hostile", NAMED, ids=ascii)
def test_a_name_that_no_honest_archive_has_is_refused(
    folder: Path, kind: str, hostile: str
) -> None:
    """Also beside members that are wanted, and although nothing is ever written by its name."""
    before = set(folder.parents[2].rglob("*"))
    with pytest.raises(UnreadableFileError, match=NAMED[hostile]) as caught:
        unpacked(packed(kind, {"good.csv": "Mã;Số\n1;2\n", hostile: "x"}), folder)
    assert not re.search("[\x00-\x1f\u202e\u2066]", str(caught.value))
    assert set(folder.parents[2].rglob("*")) - before == {folder.parents[2] / "archive"}
    assert not Path("/tmp/ioc_hostile.csv").exists()  # noqa: S108


def test_a_nul_in_the_name_of_a_zip_is_seen(folder: Path) -> None:
    """Python shows the name only down to it."""
    content = packed("zip", {"a.csvX.exe": "x"}).replace(b"a.csvX.exe", b"a.csv\0.exe")
    with pytest.raises(UnreadableFileError, match=r"'a\.csv%00\.exe' has characters"):
        unpacked(content, folder)


@pytest.mark.parametrize("name", ["~/x.csv", "condition.csv", "nulls/auxiliary.csv", "a..b.csv"])
def test_a_name_that_only_looks_odd_is_read(folder: Path, name: str) -> None:
    assert list(unpacked(packed("zip", {name: "x"}), folder)) == [f"{NAME}!{name}"]


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE],
    ids=["symbolic link", "hard link", "character device", "block device", "fifo"],
)
def test_an_archive_with_links_or_devices_is_refused(folder: Path, kind: bytes) -> None:
    """A link to a file of this machine must not bring that file in."""
    secret = folder.parents[2] / "secret.csv"
    secret.write_text("Mã;Số\nbí mật;1\n", encoding="utf-8")
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        facts = tarfile.TarInfo("link.csv")
        facts.type, facts.linkname = kind, str(secret)
        tar.addfile(facts)
        tar.addfile(*member("good.csv", "Mã;Số\n1;2\n"))
    with pytest.raises(UnreadableFileError, match=r"'link\.csv' is a link or a device"):
        unpacked(file.getvalue(), folder)


def test_a_zip_with_a_link_is_refused(folder: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written_zip:
        facts = zipfile.ZipInfo("link.csv")
        facts.external_attr = 0o120777 << 16
        written_zip.writestr(facts, "/etc/passwd")
    with pytest.raises(UnreadableFileError, match=r"'link\.csv' is a link"):
        unpacked(file.getvalue(), folder)


# --- archives that are broken ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_no_member_that_matches_is_a_mismatch(folder: Path, kind: str) -> None:
    with pytest.raises(
        StructureMismatchError, match=r"no member of the archive matches '\\\\.xlsx\$'"
    ):
        unpacked(packed(kind, FILES), folder, r"\.xlsx$")


@pytest.mark.parametrize(
    "content", [b"", b"x", b"PK\x03\x04", b"\x1f\x8b\x08", b"Rar!\x1a\x07\x00"]
)
def test_bytes_that_are_no_archive(folder: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        unpacked(content, folder)
    assert caught.value.file == NAME


LONG = {
    f"{i}.csv": "Mã;Số\n" + "".join(f"{i};{j * 7919 % 997}\n" for j in range(500)) for i in "abc"
}


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_archive_is_unreadable(folder: Path, kind: str, keep: float) -> None:
    content = packed(kind, LONG)
    with pytest.raises(UnreadableFileError) as caught:
        unpacked(content[: int(len(content) * keep)], folder)
    assert caught.value.file == NAME


@pytest.mark.parametrize("kind", ["zip", "zip stored", "tar.gz", "tar.xz"])
def test_a_changed_byte_in_the_middle_is_unreadable(folder: Path, kind: str) -> None:
    """The checksum says so, also where what was unpacked would be a table."""
    content = bytearray(packed(kind, LONG))
    content[len(content) // 2] ^= 0x01
    with pytest.raises(UnreadableFileError):
        unpacked(bytes(content), folder)


def test_a_checksum_behind_the_last_member_is_asked_for(folder: Path) -> None:
    """What reads the members of a tar archive stops before it."""
    content = bytearray(packed("tar.gz", LONG))
    content[-5] ^= 0x01
    with pytest.raises(UnreadableFileError, match="damaged archive"):
        unpacked(bytes(content), folder)


def test_an_encrypted_member_is_unreadable(folder: Path) -> None:
    content = bytearray(packed("zip", {"a.csv": "Mã;Số\n1;2\n"}))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableFileError, match="damaged archive: RuntimeError"):
        unpacked(bytes(content), folder)


def test_a_packing_that_python_has_no_reader_for_is_unreadable(folder: Path) -> None:
    content = bytearray(packed("zip", {"a.csv": "Mã;Số\n1;2\n"}))
    content[8] = 98
    content[content.rindex(b"PK\x01\x02") + 10] = 98
    with pytest.raises(UnreadableFileError, match="damaged archive: NotImplementedError"):
        unpacked(bytes(content), folder)


# --- archives that are too large ------------------------------------------------------------------


def test_too_many_members_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_MEMBERS", 3)
    files = {f"{i}.csv": "x" for i in range(5)}
    for kind in ("zip", "tar.gz"):
        with pytest.raises(UnreadableFileError, match="archive too large"):
            unpacked(packed(kind, files), folder)


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz"])
def test_more_bytes_than_any_agency_sends_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A few kilobytes may unpack to gigabytes."""
    monkeypatch.setattr(archive, "_MOST_BYTES", 1_000_000)
    content = packed(kind, {"a.csv": "0" * 600_000, "b.csv": "0" * 600_000})
    assert len(content) < 20_000
    with pytest.raises(UnreadableFileError, match="archive too large"):
        unpacked(content, folder)


def test_the_size_that_a_zip_declares_is_not_believed(folder: Path) -> None:
    """It says ten bytes of a member that unpacks to two million, and a checksum that agrees."""
    text = b"0" * 2_000_000
    for checksum in (zlib.crc32(text), zlib.crc32(text[:10])):
        content = bytearray(packed("zip", {"a.csv": text.decode()}))
        central = content.rindex(b"PK\x01\x02")
        for at in (22, central + 24):
            content[at : at + 4] = (10).to_bytes(4, "little")
        for at in (14, central + 16):
            content[at : at + 4] = checksum.to_bytes(4, "little")
        with pytest.raises(UnreadableFileError, match=r"damaged|larger than the 10 bytes"):
            unpacked(bytes(content), folder)
        assert all(p.stat().st_size <= 1024**2 for p in folder.glob("*"))


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz", "tar.bz2"])
def test_what_packs_as_small_as_no_table_does_is_a_bomb(folder: Path, kind: str) -> None:
    content = packed(kind, {"a.csv": "0" * 40_000_000})
    assert len(content) < 60_000
    with pytest.raises(OversizedFileError, match="no table packs as small as that"):
        unpacked(content, folder)


# --- as a feed reads them -------------------------------------------------------------------------


def parts(path: Path, pattern: str = r"\.csv$") -> list[Part]:
    layout = CsvLayout(format="csv", delimiter=";", members=pattern)
    return list(read_file(layout, [Wanted("Mã"), Wanted("Số")], path, NAME))


def test_members_are_named_by_archive_and_path(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(packed("tar.gz", FILES))
    found = parts(path)
    assert [part.name for part in found] == [f"{NAME}!b/2.csv", f"{NAME}!a/1.csv"]
    assert [part.tables[0].frame["_file"].to_list() for part in found] == [
        [f"{NAME}!b/2.csv"],
        [f"{NAME}!a/1.csv"],
    ]
    assert [part.tables[0].frame["Số"].to_list() for part in found] == [["6"], ["5"]]


def test_an_archive_without_the_member_is_refused_by_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(packed("zip", FILES))
    (part,) = parts(path, "^nothing$")
    assert part.name == NAME
    assert isinstance(part.refused, FileRefusedError)
    assert part.refused.outcome == "structure_mismatch"


def test_a_name_in_utf_8_that_does_not_say_so_is_read(folder: Path) -> None:
    """As Windows writes it: the letters of the name are Vietnamese, not of a code page."""
    content = packed("zip", {"Biểu 9.csv": "x"})
    plain = bytearray(content)
    for start, offset in ((0, 6), (content.rindex(b"PK\x01\x02"), 8)):
        plain[start + offset + 1] &= 0xF7
    assert unpacked(bytes(plain), folder) == {f"{NAME}!Biểu 9.csv": "x"}
