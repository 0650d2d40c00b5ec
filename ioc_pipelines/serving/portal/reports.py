"""The reports: what was made and its files, what is due, what was not made in time (H14, H61)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import StringConstraints

from contracts.base import VIETNAM
from ioc_pipelines.home import Home
from ioc_pipelines.serving.portal.asked import Asked, NotThereError, Params, Row, Rows
from ioc_pipelines.serving.reports.calendar import due_between
from ioc_pipelines.serving.reports.files import MANIFEST
from ioc_pipelines.serving.reports.periods import Period

_LOOKS_BACK, _LOOKS_AHEAD = timedelta(days=31), timedelta(days=62)
_FILES = ("docx", "pdf", "xlsx", "html")


class Reports(Params):
    """No parameters."""


class ReportFile(Params):
    """One file of an issued report."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
    period: Annotated[str, StringConstraints(pattern=r"^20\d{2}(-(Q[1-4]|H[12]|\d{2}))?$")]
    report_id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]+(-[0-9a-f]+){2}$")]
    file: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+\.(docx|pdf|xlsx|html)$")]


def reports(asked: Asked, _: Reports) -> dict[str, Any]:
    """What the page shows."""
    made = sorted(_made(asked.snapshot.home), key=lambda one: one["as_of"], reverse=True)
    today = asked.now.astimezone(VIETNAM).date()
    due = _due(asked, {(one["kind"], one["period"]) for one in made}, today)
    return {
        "made": made,
        "overdue": [one for one in due if one["due_on"] < today],
        "coming": [one for one in due if one["due_on"] >= today],
    }


def report_file(asked: Asked, given: ReportFile) -> Path:
    """A file that the report's manifest names. Raises NotThereError."""
    folder = asked.snapshot.home.reports / given.kind / given.period / given.report_id
    path = folder / MANIFEST
    if not path.is_file() or given.file not in json.loads(path.read_bytes())["files"]:
        raise NotThereError("Không có báo cáo này.", "There is no such report.")
    return folder / given.file


def _made(home: Home) -> Iterator[Row]:
    """The reports whose files lie in the data root."""
    for path in home.reports.glob(f"*/*/*/{MANIFEST}"):
        told = json.loads(path.read_bytes())
        names = {name.rpartition(".")[2]: name for name in told["files"]}
        address = f"/download/reports/{told['kind']}/{told['period']}/{told['report_id']}"
        yield {
            "kind": told["kind"],
            "title_vi": told["title_vi"],
            "period": told["period"],
            "period_of": Period.parse(told["period"]),
            "as_of": datetime.fromisoformat(told["as_of"]),
            "snapshot_id": told["snapshot_id"],
            "figures": len(told["figures"]),
            "restatements": told["restatements"],
            "files": [(form, f"{address}/{names[form]}") for form in _FILES if form in names],
        }


def _due(asked: Asked, made: set[tuple[str, str]], today: date) -> Rows:
    """What the calendar of the profile asks for and was not made."""
    kinds = asked.shelf.catalog.reports
    if kinds is None:
        return []
    titles = {kind.kind: kind.title_vi for kind in kinds.kinds}
    return [
        {
            "title_vi": titles[one.kind],
            "period_of": one.period,
            "due_on": one.due_on,
        }
        for one in due_between(kinds, today - _LOOKS_BACK, today + _LOOKS_AHEAD)
        if (one.kind, one.period.code) not in made
    ]
