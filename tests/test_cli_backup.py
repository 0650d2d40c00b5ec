"""``ioc backup``: what is refused in one line, and that a secret feed is never backed up."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from ioc_pipelines import cli
from ioc_pipelines.home import SOURCES
from tests.warehouse.backup.small_home import KEY, small_home


def ioc(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["ioc", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.fixture
def home(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if shutil.which("restic") is None:
        pytest.skip("restic is not installed")
    monkeypatch.setenv("IOC_BACKUP_DIR", str(tmp_path / "disk"))
    own_home.mkdir()
    return small_home(own_home).root


@pytest.mark.parametrize("what", ["create", "verify", "restore", "list"])
def test_without_a_key_nothing_is_done(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    assert ioc("backup", what, monkeypatch=monkeypatch) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "no key for the backup: set IOC_BACKUP_KEY" in said.err
    assert "Traceback" not in said.err


def test_the_four_commands(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IOC_BACKUP_KEY", KEY)
    assert ioc("backup", "create", "--json", monkeypatch=monkeypatch) == 0
    said = capsys.readouterr()
    made = json.loads(said.out)
    assert "the archive is on the disk of the data" in said.err
    assert ioc("backup", "list", "--json", monkeypatch=monkeypatch) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["id"], listed["files"]) == (made["backup_id"], made["files"])
    assert ioc("backup", "verify", monkeypatch=monkeypatch) == 0
    assert f"{made['backup_id']}: sound, {made['files']} files" in capsys.readouterr().out
    there = str(tmp_path / "there")
    assert ioc("backup", "restore", "--to", there, monkeypatch=monkeypatch) == 0
    said = capsys.readouterr()
    assert f"RESTORED {made['backup_id']}" in said.out
    assert "equal to the manifest" in said.out
    assert KEY not in said.out + said.err
    assert ioc("backup", "restore", "--to", there, monkeypatch=monkeypatch) == 1
    assert "is not empty" in capsys.readouterr().err


def test_nothing_is_backed_up_while_a_feed_is_secret(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Content of a feed that became secret could lie in landing: first it is removed (H50)."""
    sources = tmp_path / "sources"
    shutil.copytree(SOURCES / "hung_yen", sources / "hung_yen")
    agency = sources / "hung_yen" / "so_y_te.yaml"
    text = agency.read_text()
    agency.write_text(text.replace("classification: internal", "classification: secret", 1))
    assert agency.read_text() != text
    monkeypatch.setattr("ioc_pipelines.orchestration.deployment.SOURCES", sources)
    monkeypatch.setenv("IOC_BACKUP_KEY", KEY)
    assert ioc("backup", "create", monkeypatch=monkeypatch) == 2
    assert "'secret'" in capsys.readouterr().err
    assert not (tmp_path / "disk").exists()
