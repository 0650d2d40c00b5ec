"""Where a refresh is killed: functions of the product, wrapped so that this process ends in them.

The product knows nothing of it. A function that is gone, or never called, fails the test.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

When = Literal[
    "before", "after", "syncing", "copying", "replacing", "between links", "while it runs"
]


@dataclass(frozen=True)
class Point:
    """A place to die at: the function as its caller finds it, and where in its call.

    ``syncing``, ``copying``, ``replacing``: within the call, with a file half there: written and
    not renamed, half copied, complete and not renamed. ``asks``: only in a call of which an
    argument holds this text.
    """

    name: str
    function: str
    when: When
    asks: str = ""

    def arm(self, act: Callable[[], None] | None = None) -> None:
        """Wrap the function: this process dies at the point, or does ``act`` before each call."""
        if act:
            _before(self, act)
            return
        owner, name = _place_of(self.function)
        setattr(owner, name, self._wrapped(getattr(owner, name)))

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def deadly(*args: Any, **kwargs: Any) -> Any:
            if self.asks and not any(self.asks in str(argument) for argument in args):
                return function(*args, **kwargs)
            if self.when == "before":
                die()
            if self.when == "while it runs":
                # by somebody else, while this process is busy in the library
                subprocess.Popen(["kill", "-KILL", str(os.getpid())])
            elif self.when != "after":
                _INSIDE[self.when]()
            result = function(*args, **kwargs)
            if self.when in {"after", "while it runs"}:
                die()
            return result

        return deadly


def _before(point: Point, act: Callable[[], None]) -> None:
    owner, name = _place_of(point.function)
    function = getattr(owner, name)

    def prepared(*args: Any, **kwargs: Any) -> Any:
        act()
        return function(*args, **kwargs)

    setattr(owner, name, prepared)


def _place_of(function: str) -> tuple[Any, str]:
    """The module or class that holds a function, and its name there."""
    module, _, path = function.partition(":")
    owner: Any = importlib.import_module(module)
    *above, name = path.split(".")
    for part in above:
        owner = getattr(owner, part)
    return owner, name


def die() -> None:
    """End this process as the kernel would for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def _die_in(
    owner: Any, name: str, instead: Callable[..., None] | None = None, turn: int = 1
) -> None:
    """Die in this thread's call number ``turn`` of a function, after doing ``instead`` of it."""
    function, thread, calls = getattr(owner, name), threading.get_ident(), [0]

    def deadly(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() == thread:
            calls[0] += 1
            if calls[0] == turn:
                if instead:
                    instead(*args)
                die()
        return function(*args, **kwargs)

    setattr(owner, name, deadly)


def _half_copied(source: Any, target: Any) -> None:
    with open(source, "rb") as read, open(target, "wb") as written:  # noqa: PTH123
        written.write(read.read(os.fstat(read.fileno()).st_size // 2))


def _half_streamed(source: Any, target: Any, *_: Any) -> None:
    content = source.read()
    target.write(content[: len(content) // 2])
    target.flush()


def _die_copying() -> None:
    """In whichever of the two ways a file is copied."""
    _die_in(shutil, "copyfile", _half_copied)
    _die_in(shutil, "copyfileobj", _half_streamed)


_INSIDE: dict[str, Callable[[], None]] = {
    "syncing": lambda: _die_in(os, "fsync"),
    "copying": _die_copying,
    "replacing": lambda: _die_in(importlib.import_module("pathlib").Path, "replace"),
    "between links": lambda: _die_in(importlib.import_module("pathlib").Path, "replace", turn=2),
}
_O = "ioc_pipelines.orchestration"
_W = "ioc_pipelines.warehouse"
_DUCKDB = "dbt.adapters.duckdb"

INTAKE = (
    Point("ledger: delivery begun", "ioc_pipelines.ledger.store:Ledger.begin", "after"),
    Point("fetch: fetched, nothing landed", f"{_O}.delivery:fetch", "after"),
    Point("land: blob half copied", "ioc_pipelines.intake.landing:_land_one", "copying"),
    Point("land: blob without manifest", "ioc_pipelines.intake.landing:_land_one", "after"),
    Point("land: manifest half written", "ioc_pipelines.intake.landing:write_durably", "replacing"),
    Point("land: landed, nothing read", "ioc_pipelines.intake.landing:Landing.land", "after"),
    Point("conform: read, nothing judged", f"{_O}.judging:read_batch", "after"),
    Point("validate: judged, nothing written", f"{_O}.judging:judge", "after"),
    Point("accepted: half written", f"{_W}.accepted:Accepted.write", "syncing"),
    Point("accepted: written, no quarantine", f"{_W}.accepted:Accepted.write", "after"),
    Point("quarantine: half written", f"{_W}.quarantine:Quarantine.write", "syncing"),
    Point("quarantine: written, not in the ledger", f"{_W}.quarantine:Quarantine.write", "after"),
    Point("ledger: within the conclusion", "ioc_pipelines.ledger.store:_accept", "after"),
    Point("ledger: concluded", "ioc_pipelines.ledger.store:Ledger.conclude", "after"),
    Point("receipt: half written", f"{_O}.receipts:_to_outbox", "syncing"),
)
BUILD = (
    Point("build: ledger half exported", f"{_W}.build:_export", "after"),
    Point("build: begun", f"{_O}.dbt:start_build", "after"),
    Point(
        "dbt: in the middle of a model",
        "dbt.adapters.sql.connections:SQLConnectionManager.add_query",
        "after",
        asks='into "ioc"."marts"."social_housing',
    ),
    Point(
        "dbt: while the file is closed",
        f"{_DUCKDB}.environments.local:LocalEnvironment.close",
        "while it runs",
    ),
    Point("dbt: ended, not noted", f"{_O}.dbt:dbt_build", "after"),
    Point("build: note half written", f"{_O}.dbt:end_build", "replacing"),
    Point("acceptance: judged, not marked", f"{_O}.acceptance:accept_marts", "after"),
    Point("acceptance: mark half written", f"{_O}.acceptance:mark_accepted", "syncing"),
)
PUBLISH = (
    Point("snapshot: half copied", f"{_W}.snapshots:_staged", "copying"),
    Point("snapshot: verified, no marts", f"{_W}.snapshots:_require_same", "after"),
    Point("snapshot: marts, no manifest", f"{_W}.snapshots:export_marts", "after"),
    Point("snapshot: manifest half written", f"{_W}.snapshots:write_durably", "syncing"),
    Point("snapshot: whole, not in place", f"{_W}.snapshots:_staged", "after"),
    Point(
        "snapshot: in place, not recorded",
        "ioc_pipelines.ledger.store:Ledger.add_snapshot",
        "before",
    ),
    Point("snapshot: recorded, not published", f"{_W}.snapshots:point_to", "before"),
    Point("publish: between the two links", f"{_W}.snapshots:point_to", "between links"),
    Point("publish: switched, not pruned", f"{_W}.snapshots:prune", "before"),
    Point("publish: before alerts are told", f"{_O}.publish:tell_of_alerts", "before"),
    Point("report: published, nothing said", "ioc_pipelines.cli:_summary", "before"),
)
POINTS = {point.name: point for point in (*INTAKE, *BUILD, *PUBLISH)}
