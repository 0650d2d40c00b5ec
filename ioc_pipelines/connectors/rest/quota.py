"""What a source allows: the hours it may be asked at, and requests a minute (B09)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def opens_at(hours: str | None, now: datetime) -> datetime | None:
    """When a source with these hours (`22:00-06:00`) opens next; None while it is open.

    The hours are Viet Nam time and may pass midnight; the same hour twice is the whole day.
    """
    if hours is None:
        return None
    start, end = (time.fromisoformat(part) for part in hours.split("-"))
    local = now.astimezone(VIETNAM)
    clock = local.time()
    is_open = start <= clock < end if start < end else clock >= start or clock < end
    if is_open:
        return None
    opening = datetime.combine(local.date(), start, VIETNAM)
    return opening if opening > local else opening + timedelta(days=1)


def next_slot(taken: float | None, now: float, per_minute: int) -> float:
    """When the next request may be sent, evenly spaced after the slot that was ``taken`` last."""
    return now if taken is None else max(now, taken + 60 / per_minute)


class Pace:
    """The last slot taken at each source, for all feeds that are fetched side by side."""

    def __init__(self) -> None:
        """Begin with no source asked yet."""
        self._taken: dict[str, float] = {}
        self._lock = Lock()

    def wait(self, source: str, per_minute: int | None, now: float, most: float) -> float | None:
        """Take the next slot of ``source``: how long to wait for it.

        None when that is longer than ``most``: no slot is taken then.
        """
        with self._lock:
            slot = next_slot(self._taken.get(source), now, per_minute) if per_minute else now
            if slot - now > most:
                return None
            self._taken[source] = slot
            return slot - now
