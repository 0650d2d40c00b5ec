"""Ask only for what changed, and tell news from what was seen before."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ioc_pipelines.catalog.connectors import Changes
from ioc_pipelines.connectors.fetched import SourceUnavailableError, Window
from ioc_pipelines.connectors.rest.answer import at
from ioc_pipelines.connectors.rest.quota import VIETNAM

MOST_SEEN = 20_000
_HASH_BYTES = 8
_AHEAD = timedelta(days=1)


def asked_params(
    changes: Changes | None, cursor: Mapping[str, Any] | None, window: Window
) -> dict[str, str]:
    """The query parameters that narrow a request to changes; none asks for everything.

    A feed without ``changes`` brings everything, which holds any span. Raises
    SourceUnavailableError when a span has an end and the source takes none (H38).
    """
    if changes is None:
        return {}
    if window.is_open:
        newest = (cursor or {}).get("newest")
        if newest is None:
            return {}
        since = datetime.fromisoformat(newest) - changes.overlap
        return {changes.param: since.strftime(changes.format)}
    params = {}
    if window.since is not None:
        params[changes.param] = _local(window.since, changes)
    if window.until is not None:
        if changes.until_param is None:
            msg = "the source takes no end of a span: leave out --until, only --since is possible"
            raise SourceUnavailableError(msg)
        params[changes.until_param] = _local(window.until, changes)
    return params


def _local(moment: datetime, changes: Changes) -> str:
    """A moment of the operator in the source's form; a form without a zone is Viet Nam time."""
    return moment.astimezone(VIETNAM).strftime(changes.format)


class News:
    """What the records of one fetch say about when they changed, and which are new."""

    def __init__(self, changes: Changes, cursor: Mapping[str, Any] | None, now: datetime) -> None:
        """Start from the cursor of the last fetch; a moment a day after ``now`` is none."""
        self._changes = changes
        self._before = cursor or {}
        known = self._before.get("newest")
        self._newest = datetime.fromisoformat(known) if known else None
        self._known = _unpacked(self._before.get("seen"))
        self._latest = (now + _AHEAD).astimezone(VIETNAM)
        self._records: list[tuple[datetime | None, bytes]] = []
        self.undated = 0
        self.is_news = False

    def add(self, records: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
        """Take the records of a page; return the numbers, from 1, of those seen before."""
        known = []
        for number, record in enumerate(records, start=1):
            moment, digest = self._moment(record), record_hash(record)
            self._records.append((moment, digest))
            if digest in self._known:
                known.append(number)
            else:
                self.is_news = True
            if moment is None:
                self.undated += 1
            elif self._newest is None or moment > self._newest:
                self._newest = moment
        return tuple(known)

    def cursor(self) -> dict[str, Any]:
        """Where the next fetch begins, and which records it will see again.

        Undated ones are seen again whenever they come. Above 20,000 none is remembered: what the
        overlap brings again then counts as news, and the batch is recognised by its content.
        """
        newest = self._newest
        start = None if newest is None else newest - self._changes.overlap
        seen = {d for moment, d in self._records if moment is None or not start or moment >= start}
        if self._before.get("newest") == (newest.isoformat() if newest else None):
            seen |= self._known
        cursor: dict[str, Any] = {"newest": newest.isoformat() if newest else None}
        if len(seen) <= MOST_SEEN:
            cursor["seen"] = base64.b64encode(b"".join(sorted(seen))).decode()
        return cursor

    def _moment(self, record: Mapping[str, Any]) -> datetime | None:
        """When a record changed; None when it does not say, or says a day that is not yet."""
        written = at(record, self._changes.field)
        try:
            moment = datetime.strptime(str(written), self._changes.format)  # noqa: DTZ007
        except ValueError:
            return None
        latest = self._latest if moment.tzinfo else self._latest.replace(tzinfo=None)
        return moment if moment <= latest else None


def record_hash(record: Mapping[str, Any]) -> bytes:
    """Eight bytes that stand for a record, the same in whatever order its fields come."""
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode(), digest_size=_HASH_BYTES).digest()


def _unpacked(packed: str | None) -> set[bytes]:
    hashes = base64.b64decode(packed or "")
    return {hashes[i : i + _HASH_BYTES] for i in range(0, len(hashes), _HASH_BYTES)}
