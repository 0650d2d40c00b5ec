"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from contracts.base import DIMENSIONS
from ioc_pipelines.serving.health import Health, JobHealth
from ioc_pipelines.serving.status import FeedStatus, StatusReport, WhyNotGreen

# of a delivery in part, what is wrong is said by its problem and by what is still open
_CALM = frozenset({"accepted", "partly_accepted", "seen_before", "no_news"})
_LARGEST = 5  # areas of the disk that are named
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
            "open",
            *DIMENSIONS,
            "all",
            "why",
            "age",
            "limit",
        ],
        [_line(feed) for feed in report.feeds],
    )
    if report.overall is not None:
        say(f"{report.profile}: score {report.overall:.2f}, {report.rating}; {_totals(report)}")
    if any(_is_of_earlier(feed) for feed in report.feeds):
        say("(in brackets: rows of the last good delivery; the last one brought none)")
    for feed in sorted(report.feeds, key=_urgency):
        if warning := warning_of(feed):
            say(f"! {feed.feed}: {warning}")


def health(found: Health) -> None:
    """Runs of the last 30 days by job, what waits, the disk."""
    say("")
    for job in found.jobs:
        say(f"{job.job}: {_job(job)}")
    waiting = found.backlog
    parts = [
        f"batches to decide on: {waiting.batches_waiting}",
        f"returned packs not in: {waiting.packs_not_in}",
        f"late feeds: {waiting.feeds_late}",
    ]
    say(f"waiting: {', '.join(parts)}")
    largest = [f"{area} {_size(bytes_)}" for area, bytes_ in found.disk_bytes.items() if bytes_]
    say(f"disk: {_size(found.disk_free_bytes)} free; {', '.join(largest[:_LARGEST])}")


def _job(job: JobHealth) -> str:
    """How often it succeeded, how long it takes, and what the last run came to."""
    parts = []
    if job.runs:
        parts.append(f"{job.succeeded} of {counted(job.runs, 'run')} of 30 days succeeded")
    if job.median_duration_s is not None:
        parts.append(f"median {job.median_duration_s:.0f} s")
    last = f"last {job.last_status} {job.last_ended_at:%Y-%m-%d %H:%M} UTC"
    parts.append(f"{last} after {job.last_duration_s:.0f} s")
    if job.last_problem:
        parts.append(job.last_problem)
    return ", ".join(parts)


def _size(bytes_: int) -> str:
    """``190 MB``; of decimal prefixes, as disks are sold."""
    size, units = float(bytes_), iter(("B", "kB", "MB", "GB"))
    unit = next(units)
    while size >= 1000 and (larger := next(units, None)):
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"


def quoted(text: str | None) -> str:
    """A value from outside as it can be shown: what is not seen is spelt out, nothing is obeyed."""
    if text is None:
        return "nothing"
    spelt = (char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return f'"{"".join(spelt)}"'


def counted(number: int, thing: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _totals(report: StatusReport) -> str:
    """Of the active feeds: how many, how they come, what waits; of all, what is open."""
    active = [feed for feed in report.feeds if feed.status == "active"]
    held = sum(feed.is_held for feed in active)
    on_time = sum(not (feed.is_late or feed.is_held) for feed in active)
    parts = [
        f"{len(active)} of {len(report.feeds)} feeds active",
        f"{sum(feed.is_automatic for feed in active)} automatic",
        f"{on_time} on time" + (f" and {held} held" if held else ""),
        _opened(
            sum(feed.rows_open for feed in report.feeds),
            sum(feed.rows_overdue for feed in report.feeds),
        )
        or "no refused row open",
    ]
    return ", ".join(parts)


def _urgency(feed: FeedStatus) -> tuple[bool, bool, bool]:
    """What brought nothing comes first, then what waits for somebody here, then what is late."""
    failed = feed.outcome not in _CALM | {"awaiting_approval"}
    return not failed, not (feed.waiting or feed.packs_not_in), not feed.is_late


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
    parts += _for_somebody_here(feed)
    if opened := _opened(feed.rows_open, feed.rows_overdue):
        parts.append(f"{opened} (ioc quarantine list)")
    if feed.is_late:
        limit = _age(feed.late_after_s)
        news = "never any news" if feed.age_s is None else f"no news for {_age(feed.age_s)}"
        parts.append(f"late: {news}, limit {limit}")
    if reasons := [_in_words(reason) for reason in feed.why if reason.kind != "held"]:
        parts.append(f"{feed.rating}: {'; '.join(reasons)}")
    return "; ".join(parts) or None


def _for_somebody_here(feed: FeedStatus) -> list[str]:
    """Batches and packs that nothing becomes of until a person acts."""
    parts = []
    for batch in feed.waiting:
        what = "correction" if batch.is_correction else "batch"
        status = batch.status.replace("_", " ")
        parts.append(f"{what} {batch.batch_id} waits, {status} (ioc approvals list)")
    for pack in feed.packs_not_in:
        if pack.batch_id is None or pack.batch_id not in {b.batch_id for b in feed.waiting}:
            why = f": {pack.problem}" if pack.problem else ""
            parts.append(
                f"returned pack {pack.outcome.replace('_', ' ')}, {pack.received_at:%Y-%m-%d}{why}"
            )
    return parts


def _opened(rows: int, overdue: int) -> str | None:
    late = f", {overdue} overdue" if overdue else ""
    return f"{counted(rows, 'refused row')} open{late}" if rows else None


def _in_words(reason: WhyNotGreen) -> str:
    of = f"{reason.rule} failed {reason.failed} of {reason.evaluated}"
    if reason.kind == "identifier":
        return f"{_identifier(reason)}, {of}; identifiers must be 100"
    column = f" ({reason.column_name})" if reason.column_name else ""
    return f"lowest is {reason.dimension}, {of}{column}"


def _identifier(reason: WhyNotGreen) -> str:
    return f"identifier {reason.column_name}" if reason.column_name else "key sent twice"


def _shortly(feed: FeedStatus) -> str:
    """The first reason, as one cell of a table."""
    if not feed.why:
        return ""
    reason = feed.why[0]
    if reason.kind == "held":
        return (reason.status or "held").replace("_", " ")
    if reason.kind == "identifier":
        return _identifier(reason)
    return f"{reason.rule} {reason.column_name}".strip()


def _line(feed: FeedStatus) -> list[object]:
    if feed.status != "active":
        return [feed.feed, feed.status]
    scores = [feed.scores[dimension] for dimension in DIMENSIONS]
    rows = (feed.rows_received, feed.rows_accepted, feed.rows_quarantined, feed.rows_duplicate)
    return [
        feed.feed,
        feed.outcome,
        *(f"({number})" if _is_of_earlier(feed) else number for number in rows),
        f"{feed.rows_open} ({feed.rows_overdue} overdue)" if feed.rows_overdue else feed.rows_open,
        *("–" if score is None else f"{score:.2f}" for score in scores),
        feed.rating,
        _shortly(feed),
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
