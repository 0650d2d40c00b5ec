"""What a run does before anything else: say that it works, and clear what dead ones left."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.hanging import hold_run, holding_run, others_work
from ioc_pipelines.warehouse.left_over import clear_left_over
from ioc_pipelines.warehouse.lock import holding_start

logger = logging.getLogger(__name__)


def begin_run(deployment: Deployment, run_id: str) -> None:
    """Hold the run that this process executes, and clear what dead ones left; once."""
    if hold_run(deployment.home, run_id):
        _clear(deployment, run_id)


@contextmanager
def working(deployment: Deployment, run_id: str) -> Iterator[None]:
    """The same from before the run is created until it has ended."""
    with holding_run(deployment.home, run_id):
        try:
            _clear(deployment, run_id)
            yield
        finally:
            os.environ.pop("TMPDIR", None)
            tempfile.tempdir = None


def _clear(deployment: Deployment, run_id: str) -> None:
    """When no other run works in the data root, close and clear what a killed one left.

    Deliveries that it left ``running`` become ``interrupted``; unfinished files are removed. While
    another run works its unfinished files cannot be told from left ones: they stay until the next
    start. Temporary files of this process and its children go to ``temporary/`` from now on.
    """
    home = deployment.home
    with holding_start(home):
        if not others_work(home, run_id):
            interrupted = deployment.ledger.close_interrupted()
            cleared = clear_left_over(home)
            if interrupted or cleared:
                logger.warning(
                    "an earlier run was killed: %d deliveries interrupted, %d unfinished files "
                    "removed",
                    interrupted,
                    len(cleared),
                )
        home.temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(home.temporary)
