"""Snapshots that something is bound to, such as a report: they are kept until it lets them go.

A pin is a file ``snapshots/.pins/<snapshot id>.<holder>`` that says why.
"""

from __future__ import annotations

import re
from pathlib import Path

from ioc_pipelines.durable import write_durably
from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.readers import reading

_HOLDER = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")


def pin(home: Home, snapshot_id: str, holder: str, why: str) -> None:
    """Keep a snapshot for ``holder``, such as `report.monthly.2026-11`; again changes only why.

    Raises FileNotFoundError when there is no such snapshot, ValueError when the holder's name is
    not small letters, digits, ``_ . -``.
    """
    if not _HOLDER.fullmatch(holder):
        msg = f"'{holder}' holds no snapshot: small letters, digits, '_', '.' and '-' only"
        raise ValueError(msg)
    with reading(home.snapshots / snapshot_id):
        _folder(home).mkdir(exist_ok=True)
        write_durably(_folder(home) / f"{snapshot_id}.{holder}", why.encode())


def unpin(home: Home, snapshot_id: str, holder: str) -> None:
    """Let a snapshot go; nothing happens when ``holder`` does not keep it."""
    (_folder(home) / f"{snapshot_id}.{holder}").unlink(missing_ok=True)


def pins(home: Home, snapshot_id: str) -> dict[str, str]:
    """Who keeps a snapshot, and why."""
    found = sorted(_folder(home).glob(f"{snapshot_id}.*"))
    return {path.name.removeprefix(f"{snapshot_id}."): path.read_text() for path in found}


def _folder(home: Home) -> Path:
    return home.snapshots / ".pins"
