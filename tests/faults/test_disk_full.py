"""The disk fills up in the middle: a clear error, the last snapshot served, and it heals by itself.

The data root lies on a small file system in memory of its own (tmpfs, which takes root to mount),
filled to the last byte at a named point of the refresh; the ledger and Dagster's storage lie there,
too, so that nothing at all can be written any more.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.aftermath import contents, left_behind, reading
from tests.faults.driver import FILLER
from tests.faults.kills import TIMES, Harness, Tell
from tests.faults.two_feeds import PROFILE

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system"),
]
_SIZE = "256m"
WHERE = {
    "landing": "land: blob without manifest",
    "spill": "fetch: fetched, nothing landed",
    "accepted": "accepted: half written",
    "ledger": "ledger: concluded",
    "model": "build: begun",
    "checkpoint": "dbt: while the file is closed",
    "snapshot": "snapshot: half copied",
}


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """What is in ``folder`` on a file system of its own."""
    aside = folder.rename(folder.with_name("aside"))
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", folder], check=True)
    try:
        subprocess.run(["cp", "-a", f"{aside}/.", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _said(err: str) -> list[str]:
    """Lines of stderr without what Python itself may add at its end, about semaphores."""
    own = re.compile(r"resource_tracker|^\s*warnings\.warn|^'$")
    return [line for line in err.strip().splitlines() if not own.search(line)]


@pytest.mark.parametrize("stage", WHERE)
def test_disk_full(harness: Harness, stage: str, tell: Tell) -> None:
    for day in range(1, TIMES + 1):
        harness.systems.pass_day(day)
    with small_disk(harness.home):
        served = harness.published.readlink()
        with reading(harness.published) as reader:
            full = harness.refresh(WHERE[stage], fill=str(harness.home))
        assert full.code == 1, full
        # Dagster complains of its own on the way; the command's last word is plain
        told = full.json()["problems"] if full.out else _said(full.err)[-1:]
        said = rf"disk full at {re.escape(str(harness.home))}\S*: .*\d+ bytes free"
        assert any(re.search(said, line) for line in told), full
        assert harness.published.readlink() == served
        assert (reader.failed, reader.reads > 0) == ([], True)

        (harness.home / FILLER).unlink()
        done = harness.refresh()
        assert done.code == 0, done.out + done.err
        assert contents(harness.published) == harness.undisturbed()
        assert left_behind(harness.base, PROFILE) == []
    tell("disk full")
