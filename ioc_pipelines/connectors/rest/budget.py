"""What one fetch may cost, and what it has cost so far."""

from __future__ import annotations

from ioc_pipelines.connectors.fetched import SourceFaultyError, SourceUnavailableError
from ioc_pipelines.connectors.rest.clock import Clock


class Budget:
    """Time and bytes that are left of a fetch, and the counts that are recorded of it."""

    def __init__(self, clock: Clock, timeout_s: float, max_bytes: int) -> None:
        """Start the time now."""
        self.requests = self.pages = self.bytes = self.retries = self.records = 0
        self._clock, self._timeout_s, self._max_bytes = clock, timeout_s, max_bytes
        self._deadline = clock.monotonic() + timeout_s

    @property
    def note(self) -> dict[str, int]:
        """The counts, as recorded of a delivery."""
        names = ("requests", "pages", "bytes", "retries", "records")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        """The counts, as they stand in the message of an error."""
        return ", ".join(f"{name} {count}" for name, count in self.note.items())

    def left(self) -> float:
        """Seconds until the deadline; none left is 0 or less."""
        return self._deadline - self._clock.monotonic()

    def declared(self, count: int, what: str) -> None:
        """Raise SourceFaultyError when an answer says that it is longer than what is left."""
        if count > self._max_bytes - self.bytes:
            raise self._too_much(what, f"its answer declares {count} bytes")

    def take(self, count: int, what: str) -> None:
        """Count bytes received. Raises SourceFaultyError when they are too many."""
        self.bytes += count
        if self.bytes > self._max_bytes:
            raise self._too_much(what, "its answer goes on")

    def _too_much(self, what: str, why: str) -> SourceFaultyError:
        return SourceFaultyError(
            f"{what}: {why}, beyond the {self._max_bytes} bytes that the feed allows, after "
            f"{self.pages} pages: the paging does not end, or raise max_bytes"
        )

    def over(self, what: str, why: str) -> SourceFaultyError | SourceUnavailableError:
        """The error to raise when the time is over: before any page, or among them."""
        if self.pages == 0:
            return SourceUnavailableError(f"{what}: {why} within {self._timeout_s:g} s")
        return SourceFaultyError(
            f"{what}: {why}; not at the end after {self.pages} pages and {self._timeout_s:g} s: "
            "the paging does not end, or raise timeout_s"
        )
