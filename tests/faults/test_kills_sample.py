"""One kill in intake, one in dbt, one while it is published: what `make test` runs of the suite."""

from __future__ import annotations

from tests.faults.kills import Harness, Tell, kill_and_run_again
from tests.faults.points import POINTS

_SAMPLE = (
    "quarantine: half written",
    "dbt: in the middle of a model",
    "publish: between the two links",
)


def test_killed_in_each_stage(harness: Harness, tell: Tell) -> None:
    kill_and_run_again(harness, [POINTS[name] for name in _SAMPLE], tell)
