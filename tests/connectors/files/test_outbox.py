"""Feedback goes to the outbox beside the drop folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ioc_pipelines.catalog.connectors import FilesConnector
from ioc_pipelines.connectors.fetched import SourceUnavailableError
from ioc_pipelines.connectors.files.outbox import send_back

CONNECTOR = FilesConnector(
    kind="files", root_env="DROP", pattern="so_y_te/*.csv", outbox="so_y_te/phan-hoi"
)


def test_a_file_is_put_there_whole(tmp_path: Path) -> None:
    send_back(CONNECTOR, {"DROP": str(tmp_path)}, "bien-nhan.txt", b"1")
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()] == [
        "so_y_te/phan-hoi/bien-nhan.txt"
    ]


@pytest.mark.parametrize("name", ["../a.txt", "a/b.txt", ".hidden", "", "a\x00b", "a\n.txt"])
def test_a_name_is_a_plain_file_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a plain file name"):
        send_back(CONNECTOR, {"DROP": str(tmp_path)}, name, b"1")
    assert list(tmp_path.iterdir()) == []


def test_a_feed_without_an_outbox_gets_nothing(tmp_path: Path) -> None:
    without = CONNECTOR.model_copy(update={"outbox": None})
    with pytest.raises(ValueError, match="no outbox"):
        send_back(without, {"DROP": str(tmp_path)}, "a.txt", b"1")


def test_an_outbox_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "so_y_te").write_text("a file where the folder should be")
    with pytest.raises(SourceUnavailableError, match="outbox so_y_te/phan-hoi: "):
        send_back(CONNECTOR, {"DROP": str(tmp_path)}, "a.txt", b"1")


@pytest.mark.parametrize("outbox", ["../out", "/out", "so_y_te/../../x", ""])
def test_an_outbox_lies_below_the_drop_folder(outbox: str) -> None:
    with pytest.raises(ValidationError, match="outbox"):
        FilesConnector(kind="files", root_env="DROP", pattern="*.csv", outbox=outbox)
