"""A drop folder is read, and stays exactly as it was (H79)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.catalog.connectors import FilesConnector
from ioc_pipelines.connectors.fetched import Fetched, NothingArrivedError, SourceUnavailableError
from ioc_pipelines.connectors.files.folder import fetch_files

CONNECTOR = FilesConnector(kind="files", root_env="DROP", pattern="so_y_te/*.csv", quiet_s=0)


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    (folder / "so_y_te").mkdir(parents=True)
    return folder


def put(drop: Path, name: str, content: str = "x") -> Path:
    path = drop / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def fetch(
    drop: Path, cursor: dict[str, Any] | None = None, connector: FilesConnector = CONNECTOR
) -> Fetched:
    return fetch_files(connector, {"DROP": str(drop)}, cursor)


def names(fetched: Fetched) -> list[str]:
    return [file.name for file in fetched.files]


def test_every_matching_file_in_a_fixed_order(drop: Path) -> None:
    put(drop, "so_y_te/Tuần 2.csv", "two")
    put(drop, "so_y_te/Tuần 1.csv", "one")
    put(drop, "so_y_te/notes.txt")
    put(drop, "so_y_te/old/Tuần 0.csv")
    put(drop, "so_tai_chinh/Tuần 3.csv")
    fetched = fetch(drop)
    assert names(fetched) == ["so_y_te/Tuần 1.csv", "so_y_te/Tuần 2.csv"]
    assert [file.path.read_text(encoding="utf-8") for file in fetched.files] == ["one", "two"]
    digests = {n: hashlib.sha256(c).hexdigest() for n, c in (("1", b"one"), ("2", b"two"))}
    assert fetched.cursor == {
        "files": {
            "so_y_te/Tuần 1.csv": digests["1"],
            "so_y_te/Tuần 2.csv": digests["2"],
        }
    }
    assert (fetched.has_news, fetched.confirms, fetched.missing) == (True, False, ())


def test_a_folder_named_like_a_file_is_not_one(drop: Path) -> None:
    (drop / "so_y_te" / "folder.csv").mkdir()
    put(drop, "so_y_te/a.csv")
    assert names(fetch(drop)) == ["so_y_te/a.csv"]


@pytest.mark.parametrize("environment", [{}, {"DROP": ""}, {"OTHER": "/tmp"}])  # noqa: S108
def test_an_unset_address_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(SourceUnavailableError, match="environment variable DROP is not set"):
        fetch_files(CONNECTOR, environment, None)


def test_a_missing_folder_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="the folder that DROP names is not there"):
        fetch(tmp_path / "not_mounted")
    put(tmp_path, "file")
    with pytest.raises(SourceUnavailableError):
        fetch(tmp_path / "file")


def test_no_match_is_nothing_arrived(drop: Path) -> None:
    put(drop, "so_y_te/a.txt")
    with pytest.raises(NothingArrivedError, match=r"no file matches so_y_te/\*\.csv$"):
        fetch(drop)
    with pytest.raises(NothingArrivedError, match=r"no longer there: a\.csv, b\.csv"):
        fetch(drop, {"files": {"b.csv": "1", "a.csv": "2"}})


def test_news_is_what_differs_from_the_cursor(drop: Path) -> None:
    put(drop, "so_y_te/a.csv", "a")
    put(drop, "so_y_te/b.csv", "b")
    cursor = fetch(drop).cursor
    same = fetch(drop, cursor)
    assert (same.has_news, same.missing, names(same)) == (
        False,
        (),
        ["so_y_te/a.csv", "so_y_te/b.csv"],
    )
    put(drop, "so_y_te/b.csv", "changed")
    changed = fetch(drop, cursor)
    assert (changed.has_news, changed.missing, len(changed.files)) == (True, (), 2)
    put(drop, "so_y_te/c.csv", "c")
    assert fetch(drop, changed.cursor).has_news
    newest = fetch(drop, changed.cursor).cursor
    assert not fetch(drop, newest).has_news


def test_a_file_that_is_gone_is_missing_and_news(drop: Path) -> None:
    put(drop, "so_y_te/a.csv", "a")
    gone = put(drop, "so_y_te/b.csv", "b")
    cursor = fetch(drop).cursor
    gone.unlink()
    fetched = fetch(drop, cursor)
    assert (fetched.has_news, fetched.missing) == (True, ("so_y_te/b.csv",))
    assert names(fetched) == ["so_y_te/a.csv"]
    assert fetch(drop, fetched.cursor).missing == ()


def test_a_file_under_another_name_is_not_missing(drop: Path) -> None:
    put(drop, "so_y_te/a.csv", "a").rename(drop / "so_y_te" / "c.csv")
    digest = hashlib.sha256(b"a").hexdigest()
    renamed = fetch(drop, {"files": {"so_y_te/a.csv": digest}})
    assert (names(renamed), renamed.missing) == (["so_y_te/c.csv"], ())
    assert renamed.has_news
    rewritten = fetch(drop, {"files": {"so_y_te/a.csv": hashlib.sha256(b"b").hexdigest()}})
    assert rewritten.missing == ("so_y_te/a.csv",)


def test_a_file_that_is_gone_is_missing_though_another_says_the_same(drop: Path) -> None:
    """Two stations with nothing to report; the other one's file was there all along."""
    put(drop, "so_y_te/a.csv", "nothing")
    gone = put(drop, "so_y_te/b.csv", "nothing")
    cursor = fetch(drop).cursor
    gone.unlink()
    assert fetch(drop, cursor).missing == ("so_y_te/b.csv",)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, drop: Path) -> None:
    secret = put(tmp_path, "elsewhere/secret.csv", "secret")
    put(drop, "so_y_te/a.csv")
    (drop / "so_y_te" / "link.csv").symlink_to(secret)
    (drop / "linked").symlink_to(secret.parent)
    assert names(fetch(drop)) == ["so_y_te/a.csv"]
    for pattern in ("linked/*.csv", "../elsewhere/*.csv"):
        outside = FilesConnector(kind="files", root_env="DROP", pattern=pattern, quiet_s=0)
        with pytest.raises(NothingArrivedError):
            fetch(drop, connector=outside)


def test_a_link_within_the_folder_and_a_linked_root_are_fine(tmp_path: Path, drop: Path) -> None:
    put(drop, "kept/a.csv", "a")
    (drop / "so_y_te" / "latest.csv").symlink_to(drop / "kept" / "a.csv")
    root = tmp_path / "mount"
    root.symlink_to(drop)
    assert names(fetch(root)) == ["so_y_te/latest.csv"]


def test_a_dangling_link_is_no_file(drop: Path) -> None:
    (drop / "so_y_te" / "gone.csv").symlink_to(drop / "nowhere.csv")
    put(drop, "so_y_te/a.csv")
    assert names(fetch(drop)) == ["so_y_te/a.csv"]


def test_the_source_is_as_it_was(drop: Path) -> None:
    for name in ("a", "b"):
        path = put(drop, f"so_y_te/{name}.csv", name * 1000)
        os.utime(path, ns=(1_700_000_000_000_000_001, 1_700_000_000_000_000_002))
        path.chmod(0o440)
    before = state(drop)
    assert len(before) == 4
    cursor = fetch(drop).cursor
    fetch(drop, cursor)
    assert state(drop) == before


def state(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Everything about a folder that a reader must leave alone."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            path.stat().st_mode,
            path.stat().st_ino,
            path.read_bytes() if path.is_file() else None,
        )
        for path in [folder, *folder.rglob("*")]
    }
