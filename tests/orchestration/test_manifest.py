"""The dbt manifest is parsed when the project changed, and is whole whoever reads it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from ioc_pipelines.orchestration import dbt

WHOLE = json.dumps({"nodes": {f"model.{n}": {} for n in range(50)}})


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    monkeypatch.setattr(dbt, "_TARGET", folder)
    return folder


def test_a_manifest_is_parsed_once_and_anew_when_the_project_changed(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = []

    def parse(folder: Path) -> None:
        parsed.append(folder)
        (folder / "manifest.json").write_text(WHOLE)

    monkeypatch.setattr(dbt, "dbt_parse", parse)
    monkeypatch.setattr(dbt, "dbt_hash", lambda: "one")
    for _ in range(2):
        assert json.loads(dbt.ensure_manifest().read_text()) == json.loads(WHOLE)
    assert len(parsed) == 1
    monkeypatch.setattr(dbt, "dbt_hash", lambda: "two")
    dbt.ensure_manifest()
    assert len(parsed) == 2
    dbt.ensure_manifest()
    assert len(parsed) == 2


def test_a_parse_that_died_is_done_again(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(folder: Path) -> None:
        (folder / "manifest.json").write_text(WHOLE[:40])
        raise KeyboardInterrupt

    monkeypatch.setattr(dbt, "dbt_hash", lambda: "one")
    with monkeypatch.context() as patch:
        patch.setattr(dbt, "dbt_parse", die)
        with pytest.raises(KeyboardInterrupt):
            dbt.ensure_manifest()
    monkeypatch.setattr(
        dbt, "dbt_parse", lambda folder: (folder / "manifest.json").write_text(WHOLE)
    )
    assert json.loads(dbt.ensure_manifest().read_text()) == json.loads(WHOLE)


def test_programs_that_start_together_each_read_a_whole_manifest(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command, the UI and its daemon, after the project was changed."""

    def parse(folder: Path) -> None:
        path = folder / "manifest.json"
        time.sleep(0.3)
        path.write_text(WHOLE[:40])
        time.sleep(0.3)
        path.write_text(WHOLE)

    monkeypatch.setattr(dbt, "dbt_parse", parse)
    monkeypatch.setattr(dbt, "dbt_hash", lambda: "one")
    read: list[int] = []
    failures: list[str] = []

    def start(after: float) -> None:
        time.sleep(after)
        try:
            path = dbt.ensure_manifest()
            for _ in range(20):
                read.append(len(json.loads(path.read_text())["nodes"]))
                time.sleep(0.02)
        except Exception as error:  # noqa: BLE001
            failures.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=start, args=(after,)) for after in (0.0, 0.4, 0.5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(read) == {50}
    assert len(read) == 60
