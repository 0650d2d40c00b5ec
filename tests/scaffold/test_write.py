"""All files are written, or none; and an entry goes to the end of the agency's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioc_pipelines.scaffold import write
from ioc_pipelines.scaffold.feed import appended
from ioc_pipelines.scaffold.model import ScaffoldError


def entry(indent: int) -> str:
    return " " * indent + "- dataset: a.b\n"


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() if path.is_file() else "(folder)"
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4])
def test_whatever_fails_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    (tmp_path / "old.yaml").write_text("before")
    (tmp_path / "other.yaml").write_text("before too")
    before = content(tmp_path)
    written = 0
    really = write.write_durably

    def write_some(path: Path, data: bytes) -> None:
        nonlocal written
        written += 1
        if written == fails_at:
            msg = "no space left on device"
            raise OSError(msg)
        really(path, data)

    monkeypatch.setattr(write, "write_durably", write_some)
    new = {tmp_path / "a" / "b" / "new.py": "x", tmp_path / "a" / "new.sql": "y"}
    changed = {tmp_path / "old.yaml": "after", tmp_path / "other.yaml": "after too"}
    with pytest.raises(OSError, match="no space"):
        write.write_all(new, changed)
    assert content(tmp_path) == before
    written = 10
    write.write_all(new, changed)
    assert content(tmp_path) == {
        "a": "(folder)",
        "a/b": "(folder)",
        "a/b/new.py": "x",
        "a/new.sql": "y",
        "old.yaml": "after",
        "other.yaml": "after too",
    }


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    there = tmp_path / "there.py"
    there.write_text("mine")
    with pytest.raises(ScaffoldError, match="nothing is overwritten"):
        write.write_all({tmp_path / "new.py": "x", there: "y"}, {})
    assert content(tmp_path) == {"there.py": "mine"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("feeds:\n  - dataset: x.y\n", "feeds:\n  - dataset: x.y\n\n  - dataset: a.b\n"),
        ("feeds:\n- dataset: x.y", "feeds:\n- dataset: x.y\n\n- dataset: a.b\n"),
        ("code: a\nfeeds: []  # none yet\n", "code: a\nfeeds:  # none yet\n  - dataset: a.b\n"),
        ("code: a\n", "code: a\nfeeds:\n  - dataset: a.b\n"),
        ("code: a\nfeeds:\n", "code: a\nfeeds:\n  - dataset: a.b\n"),
    ],
)
def test_the_entry_goes_to_the_end(before: str, after: str) -> None:
    assert appended(before, entry, "a") == after


@pytest.mark.parametrize(
    "before", ["feeds:\n  - dataset: x.y\ncode: a\n", "code: a\nfeeds: [{dataset: x.y}]\n"]
)
def test_a_file_of_another_form_is_left_alone(before: str) -> None:
    with pytest.raises(ScaffoldError, match="feeds"):
        appended(before, entry, "a")
