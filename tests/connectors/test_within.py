"""What hangs where no driver's time-out reaches costs its own time and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from ioc_pipelines.connectors.fetched import SourceFaultyError, SourceUnavailableError
from ioc_pipelines.connectors.within import within


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Ends whatever a test let hang."""
    event = threading.Event()
    yield event
    event.set()


def test_what_the_work_returns_is_returned() -> None:
    assert within(5, lambda: "rows") == "rows"
    assert within(5, lambda: None) is None


def test_what_the_work_raises_is_raised() -> None:
    def fail() -> None:
        raise SourceFaultyError("an error page")

    with pytest.raises(SourceFaultyError, match="an error page"):
        within(5, fail)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_end_of_the_process_is_handed_on(error: type[BaseException]) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(error):
        within(5, fail)


def test_work_that_hangs_is_left_alone_after_its_time(released: threading.Event) -> None:
    started = time.monotonic()
    with pytest.raises(SourceUnavailableError, match="did not answer within 0 s"):
        within(0.2, released.wait)
    assert 0.2 <= time.monotonic() - started < 2


def test_a_thread_that_hangs_does_not_keep_the_process_alive(released: threading.Event) -> None:
    with pytest.raises(SourceUnavailableError):
        within(0.1, released.wait)
    hanging = [thread for thread in threading.enumerate() if thread.name == "ioc-fetch"]
    assert hanging
    assert all(thread.daemon for thread in hanging)


def test_what_comes_too_late_is_not_taken(released: threading.Event) -> None:
    came = threading.Event()

    def late() -> str:
        released.wait()
        came.set()
        return "too late"

    with pytest.raises(SourceUnavailableError):
        within(0.1, late)
    released.set()
    assert came.wait(5)
    assert within(5, lambda: "the next one") == "the next one"


def test_many_hang_side_by_side_for_one_time_only(released: threading.Event) -> None:
    failures: list[str] = []

    def one() -> None:
        try:
            within(0.4, released.wait)
        except SourceUnavailableError as error:
            failures.append(str(error))

    threads = [threading.Thread(target=one) for _ in range(8)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 8
    assert time.monotonic() - started < 8 * 0.4
