"""Where to begin reading: arithmetic on watermarks as a cursor keeps them.

A watermark is a number, or a time as ISO text in the form its column has (``2026-11-01``,
``2026-11-01 08:00:00.5``, ``2026-11-01T08:00:00Z``). What is computed from a text has the same
form, so that a column of text, which compares letter by letter, is compared rightly too.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ioc_pipelines.connectors.fetched import SourceChangedError, Window
from ioc_pipelines.connectors.sql.source import Value

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
# a newest watermark further ahead than this is a slip of the pen, not the newest change
AHEAD = timedelta(days=1)
_TIME = re.compile(
    r"^(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:(?P<mark>[T ])(?P<clock>\d\d:\d\d)(?P<seconds>:\d\d)?(?P<fraction>\.\d+)?"
    r"(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?$"
)
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")


def is_time(value: Value) -> bool:
    """Whether the watermark is a time in a form that is understood."""
    try:
        _parsed(value)
    except ValueError:
        return False
    return True


def behind(newest: Value, overlap: timedelta | int, watermark: str) -> Value:
    """``newest`` less ``overlap``, in the form of ``newest``.

    Raises SourceChangedError when a span is to be taken from a number, or a number from a time.
    """
    if not overlap:
        return newest
    if isinstance(overlap, timedelta):
        if is_time(newest):
            return _written(_parsed(newest) - overlap, str(newest))
        msg = f"watermark '{watermark}' holds no times, but the feed's overlap is a span of time"
        raise SourceChangedError(msg)
    if isinstance(newest, int | float):
        return newest - overlap
    if _NUMBER.match(newest):
        return str(Decimal(newest) - overlap)
    msg = f"watermark '{watermark}' holds no numbers, but the feed's overlap is a number"
    raise SourceChangedError(msg)


def latest_sane(newest: Value, now: datetime) -> Value | None:
    """The latest time that a newest watermark may have, when ``newest`` is past it.

    One row dated 2062 must not hide every change until then. None: ``newest`` may stand.
    """
    if not is_time(newest):
        return None
    limit = now + AHEAD
    return _written(limit, str(newest)) if _parsed(newest) > limit else None


def bounds(window: Window, newest: Value | None, watermark: str) -> tuple[str | None, str | None]:
    """The window's span in the form of the column, whose greatest value is ``newest``.

    Zeros at the end are left out: ``2026-11-02`` is at or before everything of that day.
    Raises SourceChangedError when the column holds no times.
    """
    if newest is None:
        return None, None
    if not is_time(newest):
        msg = f"watermark '{watermark}' holds no times: no span of time can be asked of it"
        raise SourceChangedError(msg)
    since, until = (
        None if moment is None else _cut(moment, str(newest))
        for moment in (window.since, window.until)
    )
    return since, until


def _parsed(value: Value) -> datetime:
    """The moment, aware; without a zone it is Viet Nam's. Raises ValueError."""
    if not isinstance(value, str) or not _TIME.match(value):
        msg = "not a time"
        raise ValueError(msg)
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=VIETNAM) if moment.tzinfo is None else moment


def _local(moment: datetime, like: str) -> datetime:
    """The moment on the clock that ``like`` is written by."""
    aware = moment.replace(tzinfo=VIETNAM) if moment.tzinfo is None else moment
    return aware.astimezone(_parsed(like).tzinfo or UTC)


def _written(moment: datetime, like: str) -> str:
    """The moment in the form of ``like``; what that form cannot hold is cut, never rounded up."""
    form = _TIME.match(like)
    if form is None:
        msg = "not a time"
        raise ValueError(msg)
    local = _local(moment, like)
    text = local.strftime("%Y-%m-%d").rjust(10, "0")
    if form["mark"]:
        text += form["mark"] + local.strftime("%H:%M")
        text += local.strftime(":%S") if form["seconds"] else ""
        if form["fraction"]:
            text += f".{local.microsecond:06d}"[: len(form["fraction"])]
        text += form["zone"] or ""
    return text


def _cut(moment: datetime, like: str) -> str:
    mark = "T" if "T" in like else " "
    text = _local(moment, like).replace(tzinfo=None).isoformat(sep=mark)
    return text.removesuffix(":00").removesuffix(f"{mark}00:00")
