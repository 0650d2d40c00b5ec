"""The page of an acceptance: every mart, what was expected of it, what was found.

One HTML file that opens without a network: styles are inside, there is no script. It says counts,
expectations and names of the catalogue; the value of a cell never reaches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.base import VIETNAM
from ioc_pipelines.serving.templates import templates
from ioc_pipelines.warehouse.acceptance.report import Report, Verdict, grouped

_STATUS = {
    "passed": ("ĐẠT", "passed"),
    "failed": ("KHÔNG ĐẠT", "failed"),
    "warning": ("CẢNH BÁO", "warning"),
    "error": ("LỖI KIỂM TRA", "error"),
}


@dataclass(frozen=True)
class Accepted:
    """Of which build the page speaks."""

    profile: str
    snapshot_id: str
    built_at: datetime


def acceptance_page(report: Report, of: Accepted) -> str:
    """The HTML text of a report."""
    environment = templates()
    environment.filters |= {"grouped": grouped, "status": status}
    return environment.get_template("acceptance.html.jinja").render(
        report=report,
        of=of,
        built_at=f"{of.built_at.astimezone(VIETNAM):%H:%M %d/%m/%Y}",
        words=_STATUS,
        counts={
            name: sum(status(verdict) == name for mart in report.marts for verdict in mart.verdicts)
            for name in _STATUS
        },
        found=[
            (mart, verdict)
            for mart in report.marts
            for verdict in mart.verdicts
            if verdict.outcome != "passed"
        ],
    )


def status(verdict: Verdict) -> str:
    """Outcome as a reader sees it: a failed expectation that does not block is a warning."""
    is_warning = verdict.outcome == "failed" and not verdict.blocks
    return "warning" if is_warning else verdict.outcome
