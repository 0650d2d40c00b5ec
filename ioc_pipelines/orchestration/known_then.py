"""``ioc refresh --as-of``: what was known at the end of a day, or at a moment."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from contracts.base import VIETNAM
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.warehouse.as_of import AsOf, build_as_of
from ioc_pipelines.warehouse.lock import hold_build, release_build

_DAY = len("2026-11-15")


def known_at(deployment: Deployment, text: str) -> AsOf:
    """The warehouse as known then, in Viet Nam unless it says otherwise. Raises AsOfError."""
    hold_build(deployment.home)
    try:
        return build_as_of(deployment.home, deployment.ledger, deployment.catalog, moment_of(text))
    finally:
        release_build(deployment.home)


def moment_of(text: str) -> datetime:
    """A day means its end: what came in its last second was known on it."""
    given = datetime.fromisoformat(text)
    if len(text) == _DAY:
        given = datetime.combine(given.date() + timedelta(days=1), time(), VIETNAM)
        return given - timedelta(microseconds=1)
    return given if given.tzinfo else given.replace(tzinfo=VIETNAM)
