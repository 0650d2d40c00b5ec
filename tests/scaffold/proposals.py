"""What is proposed for a sample, in this process and without writing anything."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from ioc_pipelines.catalog.models import Letter
from ioc_pipelines.home import PROJECT
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.scaffold.cells import Known
from ioc_pipelines.scaffold.model import Sample
from ioc_pipelines.scaffold.propose import Asked, Proposal, propose
from ioc_pipelines.scaffold.sample import of_file

_LETTER = Letter(number="31/VP-IOC", dated=date(2026, 11, 2))
_LETTERS = {"request": _LETTER, "consent": _LETTER}


@cache
def deployment() -> Deployment:
    """The province."""
    return Deployment.of("hung_yen")


def known() -> Known:
    """Its reference lists, on a day after all samples."""
    return Known(deployment().spellings, deployment().references, date(2026, 12, 20))


def proposed(
    path: Path, root: Path, dataset: str = "a.beds_by_month", agency: str = "so_y_te"
) -> Proposal:
    """For a file below a drop folder."""
    sample = of_file(path, agency, deployment().catalog, {"IOC_SANDBOX": str(root)}, None)
    return proposed_of(sample, dataset, agency)


def proposed_of(sample: Sample, dataset: str, agency: str) -> Proposal:
    """For any sample, with both letters."""
    asked = Asked(dataset, agency, None, _LETTERS)
    return propose(PROJECT, asked, sample, deployment().catalog, known())
