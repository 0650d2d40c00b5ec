"""What was received stays as it was received, or it is noticed (H54)."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from ioc_pipelines.connectors.fetched import NothingArrivedError, SourceFile
from ioc_pipelines.intake.landing import LandedFile, Landing, Manifest, TamperedLandingError

FEED = "so_y_te/health.disease_weekly"
CONTENT = "Tuần;Số mắc\r\n2026-W46;12\r\n".encode() + bytes(range(256))


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def source(drop: Path, name: str, content: bytes = CONTENT) -> SourceFile:
    path = drop / name.replace("/", "_")
    path.write_bytes(content)
    return SourceFile(name, path)


def blobs(tmp_path: Path, feed: str = FEED) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in (tmp_path / "landing" / feed / "blobs").iterdir()
    }


def test_bytes_are_landed_as_received(tmp_path: Path, drop: Path, landing: Landing) -> None:
    manifest = landing.land(FEED, "d1", [source(drop, "so_y_te/Tuần 46.csv")])
    digest = hashlib.sha256(CONTENT).hexdigest()
    landed = LandedFile(name="so_y_te/Tuần 46.csv", sha256=digest, size=len(CONTENT))
    assert manifest == Manifest(delivery_id="d1", feed=FEED, files=(landed,))
    assert blobs(tmp_path) == {digest: CONTENT}
    assert landing.path(FEED, landed).read_bytes() == CONTENT


def test_the_manifest_is_read_back(drop: Path, landing: Landing) -> None:
    files = [source(drop, "b.csv"), source(drop, "a.csv", b""), source(drop, "c.csv", b"c")]
    written = landing.land(FEED, "d1", files)
    assert landing.manifest(FEED, "d1") == written
    assert [file.name for file in written.files] == ["b.csv", "a.csv", "c.csv"]
    assert [file.size for file in written.files] == [len(CONTENT), 0, 1]
    assert [landing.path(FEED, file).read_bytes() for file in written.files] == [CONTENT, b"", b"c"]


def test_a_delivery_that_landed_nothing_has_no_manifest(landing: Landing) -> None:
    with pytest.raises(FileNotFoundError):
        landing.manifest(FEED, "never")


def test_the_same_content_is_kept_once(tmp_path: Path, drop: Path, landing: Landing) -> None:
    first = landing.land(FEED, "d1", [source(drop, "a.csv"), source(drop, "copy of a.csv")])
    second = landing.land(FEED, "d2", [source(drop, "renamed.csv")])
    assert len(blobs(tmp_path)) == 1
    assert {file.sha256 for file in (*first.files, *second.files)} == set(blobs(tmp_path))
    assert [landing.manifest(FEED, d).files[0].name for d in ("d1", "d2")] == [
        "a.csv",
        "renamed.csv",
    ]
    landing.land(FEED, "d3", [source(drop, "a.csv", b"new")])
    assert len(blobs(tmp_path)) == 2
    assert landing.path(FEED, first.files[0]).read_bytes() == CONTENT


def test_the_same_name_with_other_content_replaces_nothing(drop: Path, landing: Landing) -> None:
    old = landing.land(FEED, "d1", [source(drop, "a.csv", b"old")]).files[0]
    new = landing.land(FEED, "d2", [source(drop, "a.csv", b"new")]).files[0]
    assert old.name == new.name
    assert landing.path(FEED, old).read_bytes() == b"old"
    assert landing.path(FEED, new).read_bytes() == b"new"


def test_feeds_do_not_share_a_landing(tmp_path: Path, drop: Path, landing: Landing) -> None:
    landing.land(FEED, "d1", [source(drop, "a.csv", b"one")])
    landing.land(f"{FEED}/second", "d1", [source(drop, "a.csv", b"two")])
    assert set(blobs(tmp_path).values()) == {b"one"}
    assert set(blobs(tmp_path, f"{FEED}/second").values()) == {b"two"}


def test_landed_bytes_are_write_protected(tmp_path: Path, drop: Path, landing: Landing) -> None:
    manifest = landing.land(FEED, "d1", [source(drop, "a.csv")])
    mode = landing.path(FEED, manifest.files[0]).stat().st_mode
    assert mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) == 0
    assert mode & stat.S_IROTH == 0


def test_the_source_is_copied_not_linked(drop: Path, landing: Landing) -> None:
    file = source(drop, "a.csv")
    landed = landing.land(FEED, "d1", [file]).files[0]
    file.path.write_bytes(b"changed at the source afterwards")
    assert landing.path(FEED, landed).read_bytes() == CONTENT


def test_landing_leaves_the_source_as_it_was(drop: Path, landing: Landing) -> None:
    file = source(drop, "a.csv")
    os.utime(file.path, ns=(1_000_000_000, 1_000_000_000))
    file.path.chmod(0o444)
    landing.land(FEED, "d1", [file])
    after = file.path.stat()
    assert (after.st_mtime_ns, stat.S_IMODE(after.st_mode)) == (1_000_000_000, 0o444)
    assert file.path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "tampered",
    [CONTENT + b"\n", CONTENT[:-1], b"", CONTENT.replace(b"12", b"13")],
    ids=["longer", "shorter", "empty", "one figure"],
)
def test_tampering_is_detected(tampered: bytes, drop: Path, landing: Landing) -> None:
    landed = landing.land(FEED, "d1", [source(drop, "a.csv")]).files[0]
    blob = landing.path(FEED, landed)
    blob.chmod(0o640)
    blob.write_bytes(tampered)
    with pytest.raises(TamperedLandingError, match=r"a\.csv has changed since it was received"):
        landing.path(FEED, landed)


def test_a_blob_that_is_gone_is_tampering_too(drop: Path, landing: Landing) -> None:
    landed = landing.land(FEED, "d1", [source(drop, "a.csv")]).files[0]
    landing.path(FEED, landed).unlink()
    with pytest.raises(TamperedLandingError, match=r"a\.csv"):
        landing.path(FEED, landed)


def test_nothing_half_written_stays(tmp_path: Path, drop: Path, landing: Landing) -> None:
    gone = SourceFile("gone.csv", drop / "gone.csv")
    with pytest.raises(NothingArrivedError, match=r"gone\.csv: changed while it was taken"):
        landing.land(FEED, "d1", [source(drop, "a.csv"), gone])
    with pytest.raises(FileNotFoundError):
        landing.manifest(FEED, "d1")
    landing.land(FEED, "d2", [source(drop, "a.csv")])
    left = [path for path in (tmp_path / "landing").rglob("*") if path.suffix == ".part"]
    assert left == []
    assert list(blobs(tmp_path)) == [hashlib.sha256(CONTENT).hexdigest()]
