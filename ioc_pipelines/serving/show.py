"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from contracts.base import DIMENSIONS
from ioc_pipelines.serving.status import FeedStatus, StatusReport

_CALM = frozenset({"accepted", "seen_before", "no_news"})
_WIDTH = 400  # of what is piped: nothing is cut


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headers on stdout, whole words, no colours when piped."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        shown.add_column(header, no_wrap=True)
    for row in rows:
        shown.add_row(*("" if value is None else str(value) for value in row))
    _console().print(shown)


def say(text: str) -> None:
    """Print a line on stdout as it is."""
    _console().print(text, markup=False, highlight=False, soft_wrap=True)


def status(report: StatusReport) -> None:
    """Each feed on one line; below it what is wrong, the most urgent first."""
    table(
        [
            "feed",
            "outcome",
            "received",
            "accepted",
            "refused",
            "dup.",
            *DIMENSIONS,
            "all",
            "age",
            "limit",
        ],
        [_line(feed) for feed in report.feeds],
    )
    active = [feed for feed in report.feeds if feed.status == "active"]
    if report.overall is not None:
        automatic = sum(feed.is_automatic for feed in active)
        say(
            f"{report.profile}: score {report.overall:.2f}, {report.rating}; "
            f"{len(active)} of {len(report.feeds)} feeds active, {automatic} automatic, "
            f"{sum(not feed.is_late for feed in active)} on time"
        )
    if any(_is_of_earlier(feed) for feed in report.feeds):
        say("(in brackets: rows of the last good delivery; the last one brought none)")
    for feed in sorted(report.feeds, key=_urgency):
        if warning := warning_of(feed):
            say(f"! {feed.feed}: {warning}")


def quoted(text: str | None) -> str:
    """A value from outside as it can be shown: what is not seen is spelt out, nothing is obeyed."""
    if text is None:
        return "nothing"
    spelt = (char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return f'"{"".join(spelt)}"'


def counted(number: int, thing: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _urgency(feed: FeedStatus) -> tuple[bool, bool]:
    """What brought nothing comes before what is late, and that before what was refused in part."""
    failed = feed.outcome not in _CALM | {"partly_accepted", "awaiting_approval"}
    return not failed, not feed.is_late


def _is_of_earlier(feed: FeedStatus) -> bool:
    return feed.status == "active" and bool(feed.batch_id) and not feed.brought_rows


def warning_of(feed: FeedStatus) -> str | None:
    """What an operator should know of a feed, None when all is well."""
    if feed.status != "active":
        return None
    parts = []
    if feed.outcome is None:
        parts.append("never delivered")
    elif feed.outcome not in _CALM:
        fault = f" (fault: {feed.fault})" if feed.fault else ""
        parts.append(feed.outcome.replace("_", " ") + fault)
    if feed.problem:
        parts.append(feed.problem)
    if feed.rows_quarantined:
        parts.append(f"{counted(feed.rows_quarantined, 'row')} refused (ioc quarantine list)")
    if feed.is_late:
        limit = _age(feed.late_after_s)
        news = "never any news" if feed.age_s is None else f"no news for {_age(feed.age_s)}"
        parts.append(f"late: {news}, limit {limit}")
    return "; ".join(parts) or None


def _line(feed: FeedStatus) -> list[object]:
    if feed.status != "active":
        return [feed.feed, feed.status]
    scores = [feed.scores[dimension] for dimension in DIMENSIONS]
    rows = (feed.rows_received, feed.rows_accepted, feed.rows_quarantined, feed.rows_duplicate)
    return [
        feed.feed,
        feed.outcome,
        *(f"({number})" if _is_of_earlier(feed) else number for number in rows),
        *("–" if score is None else f"{score:.2f}" for score in scores),
        feed.rating,
        _age(feed.age_s),
        _age(feed.late_after_s),
    ]


def _age(seconds: int | None) -> str:
    if seconds is None:
        return "never"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    return console
