"""Files that people open from Dagster: kept in ``reports/``, where no later build takes them away.

A browser opens no ``file:`` address from the UI, so what is shown is the path on the server; where
``IOC_REPORTS_URL`` says under which address a web server hands ``reports/`` out, it is a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import dagster as dg

from ioc_pipelines.durable import write_durably
from ioc_pipelines.orchestration.delivery import Report
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.feedback import Feedback
from ioc_pipelines.orchestration.returning import CORRECTION

REPORTS_URL = "IOC_REPORTS_URL"
# acceptance pages kept: about a month of nights
_PAGES = 30


def link(deployment: Deployment, path: Path, anchor: str = "") -> dg.MetadataValue:
    """Where a file of ``reports/`` is opened."""
    base = deployment.environment.get(REPORTS_URL, "").rstrip("/")
    if not base:
        return dg.MetadataValue.path(path)
    name = quote(path.relative_to(deployment.home.reports).as_posix())
    return dg.MetadataValue.url(f"{base}/{name}{f'#{anchor}' if anchor else ''}")


def acceptance_page_of(deployment: Deployment, snapshot_id: str) -> Path:
    """Where the acceptance page of a snapshot is kept, whether it was published or not."""
    return deployment.home.reports / "acceptance" / f"{snapshot_id}.html"


def keep_acceptance_page(deployment: Deployment, snapshot_id: str, page: bytes) -> Path:
    """Keep an acceptance page; the oldest beyond a month of nights go."""
    path = acceptance_page_of(deployment, snapshot_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, page)
    # a snapshot's id begins with its moment
    for old in sorted(path.parent.glob("*.html"))[:-_PAGES]:
        old.unlink()
    return path


def keep_feedback(deployment: Deployment, report: Report, found: Feedback | None) -> None:
    """Keep the pack and page of a feed's newest judged delivery, personal data masked.

    ``found`` is None when nothing of it is open. What is kept is of full deliveries: a correction
    is no news of the feed.
    """
    if report.kind == CORRECTION:
        return
    folder = _feedback_folder(deployment, report)
    folder.mkdir(parents=True, exist_ok=True)
    files = {} if found is None else {found.pack_name: found.pack, found.page_name: found.page}
    for name, content in files.items():
        write_durably(folder / name, content)
    for old in folder.iterdir():
        # a folder is that of a variant of the feed
        if old.is_file() and old.name not in files:
            old.unlink()


def feedback_links(deployment: Deployment, report: Report) -> Mapping[str, dg.MetadataValue]:
    """The page and the pack that are kept of a feed, if any. Never a value of theirs."""
    folder = _feedback_folder(deployment, report)
    kept = {"feedback_page": "tom-tat-*.html", "feedback_pack": "can-sua-*.xlsx"}
    found = ((name, path) for name, glob in kept.items() for path in folder.glob(glob))
    return {name: link(deployment, path) for name, path in found}


def _feedback_folder(deployment: Deployment, report: Report) -> Path:
    return deployment.home.reports / "feedback" / report.entry.id
