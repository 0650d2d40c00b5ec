"""Where the agencies of the tests drop their files."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the agencies' files lie in."""
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    monkeypatch.setenv("TEST_URL", f"sqlite:///{tmp_path / 'claims.db'}")
    return tmp_path / "drop"
