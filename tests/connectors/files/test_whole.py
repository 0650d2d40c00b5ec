"""Half-copied files are left alone until they are whole."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ioc_pipelines.catalog.connectors import FilesConnector
from ioc_pipelines.connectors.fetched import NothingArrivedError
from ioc_pipelines.connectors.files.folder import fetch_files
from ioc_pipelines.connectors.files.whole import Listing, Whole, missing, whole_files

NOW = 1_000_000.0


def _settle(
    first: Listing, second: Listing | None = None, quiet_s: float = 5
) -> tuple[Whole, list[float]]:
    listings, slept = [first, second if second is not None else first], list[float]()
    found = whole_files(
        lambda: listings.pop(0), quiet_s, now=lambda: NOW, sleep=lambda s: slept.append(s)
    )
    return found, slept


def test_old_files_are_whole_at_once() -> None:
    found, slept = _settle({"a": (1, NOW - 5), "b": (2, NOW - 1e6)})
    assert (found, slept) == (Whole(("a", "b"), ()), [])


def test_a_young_file_that_stays_is_whole_after_the_wait() -> None:
    found, slept = _settle({"a": (1, NOW - 1), "b": (2, NOW - 100)})
    assert (found, slept) == (Whole(("a", "b"), ()), [5])


@pytest.mark.parametrize(
    "second",
    [
        {"a": (9, NOW - 1), "b": (2, 0.0)},  # grew within the tick of its clock
        {"a": (1, NOW + 2), "b": (2, 0.0)},  # written again, as long as before
        {"b": (2, 0.0)},  # renamed or removed
        {"a": (1, NOW - 1), "b": (2, 0.0), "c": (1, NOW)},  # began only now
    ],
)
def test_what_changes_meanwhile_is_being_written(second: Listing) -> None:
    found, _ = _settle({"a": (1, NOW - 1), "b": (2, 0.0)}, second)
    changed = "c" if "c" in second else "a"
    assert found.being_written == (changed,)
    assert set(found.names) == {"a", "b"} - {changed}


def test_a_clock_that_is_ahead_does_not_hide_it() -> None:
    _, slept = _settle({"a": (1, NOW + 3)})
    assert slept == [5]
    _, slept = _settle({"a": (1, NOW + 3600)})
    assert slept == []


def test_a_renamed_file_is_not_missing() -> None:
    assert missing({"a": "1", "b": "2"}, {"c": "1"}) == ("b",)


def _growing(path: Path) -> tuple[Callable[[], None], threading.Thread]:
    """A file that somebody is copying: it grows until told to stop."""
    stop, begun = threading.Event(), threading.Event()

    def grow() -> None:
        with path.open("ab") as file:
            while not stop.wait(0.05):
                file.write(b"1,2,3\n")
                file.flush()
                begun.set()

    thread = threading.Thread(target=grow)
    thread.start()
    begun.wait(5)
    return stop.set, thread


def test_a_file_that_is_being_copied_is_left_alone_and_taken_later(tmp_path: Path) -> None:
    connector = FilesConnector(kind="files", root_env="DROP", pattern="*.csv", quiet_s=0.5)
    old = tmp_path / "old.csv"
    old.write_text("1,2,3\n")
    os.utime(old, (time.time() - 60, time.time() - 60))
    stop, thread = _growing(tmp_path / "new.csv")
    try:
        fetched = fetch_files(connector, {"DROP": str(tmp_path)}, None)
    finally:
        stop()
        thread.join()
    assert [file.name for file in fetched.files] == ["old.csv"]
    assert fetched.note == {"left_alone": ["new.csv"]}
    assert fetched.missing == ()
    later = fetch_files(connector, {"DROP": str(tmp_path)}, fetched.cursor)
    assert [file.name for file in later.files] == ["new.csv", "old.csv"]
    assert (later.has_news, later.note) == (True, {})


def test_a_known_file_being_replaced_defers_the_delivery(tmp_path: Path) -> None:
    connector = FilesConnector(kind="files", root_env="DROP", pattern="*.csv", quiet_s=0.3)
    (tmp_path / "a.csv").write_text("a")
    (tmp_path / "b.csv").write_text("b")
    cursor = fetch_files(connector, {"DROP": str(tmp_path)}, None).cursor
    stop, thread = _growing(tmp_path / "b.csv")
    try:
        with pytest.raises(NothingArrivedError, match=r"still being written: b\.csv; taken once"):
            fetch_files(connector, {"DROP": str(tmp_path)}, cursor)
    finally:
        stop()
        thread.join()
