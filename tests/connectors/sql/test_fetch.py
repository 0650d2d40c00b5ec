"""What is new since the last time: the same for every engine."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.connectors.fetched import (
    Fetched,
    SourceChangedError,
    SourceUnavailableError,
    Window,
)
from ioc_pipelines.connectors.sql import seen
from tests.connectors.sql.reading import fetching, frame
from tests.connectors.sql.test_sqlite import database
from tests.servers import mariadb_database, postgres_database, run_mariadb, run_postgres

Run = Callable[..., None]
ENGINES = ("postgresql", "mariadb", "sqlite")
TIMES = {"postgresql": "timestamp", "mariadb": "datetime(6)", "sqlite": "text"}


@pytest.fixture(scope="module", params=ENGINES)
def source(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[tuple[str, str, Run]]:
    """The engine, the URL of an empty database, and how to run statements in it."""
    if request.param == "postgresql":
        with postgres_database() as url:
            yield request.param, url, lambda *said: run_postgres(url, *said)
    elif request.param == "mariadb":
        with mariadb_database() as url:
            yield request.param, url, lambda *said: run_mariadb(url, *said)
    else:
        path = tmp_path_factory.mktemp("sqlite") / "x.db"
        yield request.param, f"sqlite:///{path}", lambda *said: database(path, ";".join(said))


class Register:
    """A table of dossiers at an agency, and the feed that reads it night after night."""

    def __init__(self, engine: str, url: str, run: Run, workspace: Path) -> None:
        self.name = f"t_{uuid.uuid4().hex[:8]}"
        self.run = run
        self._fetch = fetching(url, workspace)
        self.cursor: dict[str, Any] | None = None
        run(f"CREATE TABLE {self.name} (n integer, x integer, w {TIMES[engine]}, k bigint)")

    def put(self, n: int, x: int, w: str | None = None, k: int | None = None) -> None:
        moment = "NULL" if w is None else f"'2026-11-{w}'"
        self.run(f"INSERT INTO {self.name} VALUES ({n}, {x}, {moment}, {k or 'NULL'})")

    def change(self, statement: str) -> None:
        self.run(statement.format(t=self.name))

    def fetch(self, **connector: Any) -> Fetched:
        return self._fetch(("n", "x"), table=self.name, cursor=self.cursor, **connector)

    def night(self, watermark: str | None = "w", **connector: Any) -> list[int]:
        """Numbers of the rows that one night brings."""
        fetched = self.fetch(watermark=watermark, **connector)
        self.cursor = fetched.cursor
        found = sorted(frame(fetched)["n"])
        if watermark is not None:
            assert fetched.has_news == bool(found)
        return found


@pytest.fixture
def register(source: tuple[str, str, Run], tmp_path: Path) -> Iterator[Register]:
    made = Register(*source, tmp_path / "workspace")
    yield made
    made.change("DROP TABLE {t}")


def test_nothing_new_is_no_news(register: Register) -> None:
    assert register.night() == []
    register.put(1, 10, "01 08:00:00")
    register.put(2, 20, "02 08:00:00")
    assert register.night() == [1, 2]
    assert register.night() == []
    assert register.night() == []


def test_rows_of_the_newest_instant_that_came_later(register: Register) -> None:
    register.put(1, 10, "02 08:00:00")
    assert register.night() == [1]
    register.put(2, 20, "02 08:00:00")
    assert register.night() == [2]
    assert register.night() == []


def test_a_late_row_inside_the_overlap_comes_alone(register: Register) -> None:
    one_hour = {"overlap": timedelta(hours=1)}
    for n in (1, 2, 3):
        register.put(n, n, f"02 08:{n}0:00")
    assert register.night(**one_hour) == [1, 2, 3]
    register.put(4, 4, "02 07:45:00")
    register.put(5, 5, "02 07:15:00")
    assert register.night(**one_hour) == [4], "the other was committed too late to be seen"
    assert register.night(**one_hour) == []
    register.put(6, 6, "02 09:00:00")
    assert register.night(**one_hour) == [6]
    register.change("UPDATE {t} SET x = 99 WHERE n = 3")
    assert register.night(**one_hour) == [3], "corrected without a new time"
    register.change("UPDATE {t} SET x = 98, w = '2026-11-02 10:00:00' WHERE n = 1")
    assert register.night(**one_hour) == [1]
    assert register.night(**one_hour) == []


def test_rows_without_a_watermark_come_once(register: Register) -> None:
    register.put(1, 10)
    register.put(2, 20, "02 08:00:00")
    assert register.night() == [1, 2]
    assert register.night() == []
    register.put(3, 30)
    assert register.night() == [3]
    register.change("UPDATE {t} SET x = 11 WHERE n = 1")
    assert register.night() == [1]
    assert register.night() == []


def test_a_number_grows_as_well(register: Register) -> None:
    for n in range(1, 6):
        register.put(n, n, k=n * 10)
    assert register.night("k", overlap=15) == [1, 2, 3, 4, 5]
    assert register.cursor is not None
    assert register.cursor["watermark"] == 50
    assert register.night("k", overlap=15) == []
    register.put(6, 6, k=35)
    register.put(7, 7, k=34)
    assert register.night("k", overlap=15) == [6]
    with pytest.raises(SourceChangedError, match="'k' holds no times"):
        register.night("k", overlap=timedelta(hours=1))
    register.put(8, 8, "02 08:00:00")
    with pytest.raises(SourceChangedError, match="'w' holds no numbers"):
        register.night("w", overlap=5)


def test_without_a_watermark_the_whole_table_when_it_differs(register: Register) -> None:
    def news() -> tuple[bool, list[int]]:
        fetched = register.fetch()
        register.cursor = fetched.cursor
        return fetched.has_news, sorted(frame(fetched)["n"])

    assert news() == (False, [])
    register.put(1, 10)
    register.put(2, 20)
    assert news() == (True, [1, 2])
    assert news() == (False, [1, 2])
    register.change("UPDATE {t} SET x = 21 WHERE n = 2")
    assert news() == (True, [1, 2])
    register.put(2, 21)
    assert news() == (True, [1, 2, 2])
    register.change("DELETE FROM {t}")
    assert news() == (True, [])
    assert news() == (False, [])
    assert set(register.cursor or ()) == {"watermark", "content", "reads"}


def test_more_rows_than_are_remembered_come_again_when_one_changed(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen.Tally.__init__, "__defaults__", (3,))
    for n in range(1, 5):
        register.put(n, n, "02 08:00:00")
    assert register.night() == [1, 2, 3, 4]
    assert "seen" not in (register.cursor or {})
    assert not register.fetch(watermark="w").has_news
    register.put(5, 5, "02 08:00:00")
    assert register.night() == [1, 2, 3, 4, 5]


def test_a_date_of_the_future_does_not_end_the_feed(register: Register) -> None:
    register.put(1, 1, "02 08:00:00")
    register.change("INSERT INTO {t} VALUES (2, 2, '2962-11-02 08:00:00', NULL)")
    assert register.night() == [1, 2]
    assert register.cursor is not None
    assert str(register.cursor["watermark"]).startswith("2026-11-02 08:00")
    register.put(3, 3, "03 08:00:00")
    assert register.night() == [3]


def test_the_newest_row_was_deleted(register: Register) -> None:
    register.put(1, 1, "02 08:00:00")
    register.put(2, 2, "03 08:00:00")
    assert register.night() == [1, 2]
    register.change("DELETE FROM {t} WHERE n = 2")
    assert register.night() == []
    register.put(3, 3, "03 07:00:00")
    assert register.night() == [3]


def test_a_cursor_of_the_first_version_goes_on(register: Register) -> None:
    for n in (1, 2, 3):
        register.put(n, n, f"0{n} 08:00:00")
    register.cursor = {"watermark": "2026-11-02 08:00:00"}
    assert register.night() == [2, 3]
    assert register.night() == []


def test_a_cursor_of_another_kind_of_watermark_begins_anew(register: Register) -> None:
    for n in (1, 2, 3):
        register.put(n, n, f"0{n} 08:00:00", k=n)
    register.cursor = {"watermark": 2}
    assert register.night("w") == [1, 2, 3]
    register.cursor = {"watermark": "2026-11-02 08:00:00"}
    assert register.night("k") == [1, 2, 3]


def test_a_window_selects_and_leaves_the_cursor(register: Register) -> None:
    register.put(0, 0)
    for n in (1, 2, 3):
        register.put(n, n, f"0{n} 08:00:00")
    register.night()
    before = dict(register.cursor or {})
    window = Window(datetime(2026, 11, 2), datetime(2026, 11, 3))  # noqa: DTZ001
    fetched = register.fetch(watermark="w", window=window)
    assert (frame(fetched)["n"].to_list(), fetched.has_news) == ([2], True)
    assert fetched.cursor == before
    nothing = register.fetch(watermark="w", window=Window(datetime(2027, 1, 1)))  # noqa: DTZ001
    assert (frame(nothing)["n"].to_list(), nothing.has_news) == ([], False)


def test_a_window_of_a_table_without_times_is_refused(register: Register) -> None:
    register.put(1, 1, k=5)
    window = Window(datetime(2026, 11, 2))  # noqa: DTZ001
    with pytest.raises(SourceUnavailableError, match="without a watermark no span"):
        register.fetch(window=window)
    with pytest.raises(SourceChangedError, match="'k' holds no times"):
        register.fetch(watermark="k", window=window)


# --- servers that do not answer -----------------------------------------------------------------


@contextmanager
def tarpit() -> Iterator[int]:
    """A port that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = []

        def take() -> None:
            try:
                while True:
                    taken.append(server.accept()[0])
            except OSError:
                return

        threading.Thread(target=take, daemon=True).start()
        yield server.getsockname()[1]
        for each in taken:
            each.close()


@contextmanager
def falls_silent(upstream: tuple[str, int], after: bytes) -> Iterator[int]:
    """A server that answers until it is asked ``after``."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def pump(origin: socket.socket, target: socket.socket) -> None:
            try:
                while data := origin.recv(65536):
                    if after in data:
                        return  # swallowed; both ends stay open
                    target.sendall(data)
            except OSError:
                return

        kept = []

        def take() -> None:
            try:
                while True:
                    client, _ = server.accept()
                    other = socket.create_connection(upstream)
                    kept.extend([client, other])
                    for ends in ((client, other), (other, client)):
                        threading.Thread(target=pump, args=ends, daemon=True).start()
            except OSError:
                return

        threading.Thread(target=take, daemon=True).start()
        yield server.getsockname()[1]
        for each in kept:
            each.close()


@pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
def test_a_server_that_never_answers_costs_its_timeout(backend: str, tmp_path: Path) -> None:
    with tarpit() as port:
        url = f"{backend}://reader:hunter2@127.0.0.1:{port}/x"
        started = time.monotonic()
        with pytest.raises(SourceUnavailableError) as caught:
            fetching(url, tmp_path / "w")(("n",), table="t", timeout_s=1)
        assert time.monotonic() - started < 2
    assert str(caught.value) == "database of AGENCY_URL: time-out"


def test_a_server_that_falls_silent_costs_its_timeout(
    source: tuple[str, str, Run], tmp_path: Path, register: Register
) -> None:
    engine, url, _ = source
    if engine == "sqlite":
        return
    port = {"postgresql": 5432, "mariadb": 3306}[engine]
    register.put(1, 1)
    with falls_silent(("127.0.0.1", port), after=register.name.encode()) as proxy:
        fetch = fetching(url.replace(f":{port}/", f":{proxy}/"), tmp_path / "w")
        started = time.monotonic()
        with pytest.raises(SourceUnavailableError, match=r"^database of AGENCY_URL: time-out$"):
            fetch(("n",), table=register.name, timeout_s=1)
        assert time.monotonic() - started < 2
