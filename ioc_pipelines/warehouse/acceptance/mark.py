"""Which build file was accepted: only that one is published."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from ioc_pipelines.durable import sha256_of, write_durably
from ioc_pipelines.home import PUBLISHED_FILE
from ioc_pipelines.warehouse.build import ACCEPTED_MARK


class NotAcceptedError(RuntimeError):
    """What lies in the build is not what was accepted."""


class AcceptedBuild(BaseModel, frozen=True):
    """Which build file was accepted, and the id of the snapshot it says it is."""

    snapshot_id: str
    sha256: str


def mark_accepted(build: Path, snapshot_id: str) -> None:
    """Note which build file was accepted, under which snapshot id; only that one is published."""
    mark = AcceptedBuild(snapshot_id=snapshot_id, sha256=sha256_of(build / PUBLISHED_FILE))
    write_durably(build / ACCEPTED_MARK, mark.model_dump_json().encode())


def accepted_build(build: Path) -> AcceptedBuild:
    """The build that was accepted.

    Raises NotAcceptedError when there is none, or when the build file has changed since.
    """
    mark = build / ACCEPTED_MARK
    if not mark.exists():
        msg = "the build has not been accepted; run a whole refresh or the job `publish`"
        raise NotAcceptedError(msg)
    accepted = AcceptedBuild.model_validate_json(mark.read_bytes())
    if sha256_of(build / PUBLISHED_FILE) != accepted.sha256:
        msg = "the build has changed since it was accepted; run the job `publish`"
        raise NotAcceptedError(msg)
    return accepted
