"""Which files of a drop folder are whole, and what that says of the delivery."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ioc_pipelines.connectors.fetched import NothingArrivedError

_SHOWN = 5

Listing = Mapping[str, tuple[int, float]]
"""Size in bytes and time of the last change (seconds since 1970), by name."""


@dataclass(frozen=True)
class Whole:
    """The names that did not change for a while, and those that are still being written."""

    names: tuple[str, ...]
    being_written: tuple[str, ...]


def whole_files(
    listing: Callable[[], Listing],
    quiet_s: float,
    *,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Whole:
    """Tell whole files from half-copied ones.

    A file that changed less than ``quiet_s`` ago is looked at again after that time; the clock
    that stamped it may be another than ours. It waits only when there is such a file.
    """
    first = dict(listing())
    started = now()
    young = [changed for _, changed in first.values() if abs(started - changed) < quiet_s]
    if not young:
        return Whole(tuple(sorted(first)), ())
    sleep(quiet_s)
    second = listing()
    same = {name for name in second if first.get(name) == second[name]}
    return Whole(tuple(sorted(same)), tuple(sorted({*first, *second} - same)))


def require_some(found: Whole, pattern: str, known: Mapping[str, object]) -> None:
    """Raise NothingArrivedError when there is no whole file, or a known one is being replaced.

    Taken without that one, the delivery would lack a unit that it had.
    """
    replaced = sorted(set(found.being_written) & set(known))
    if replaced or (found.being_written and not found.names):
        msg = f"still being written: {_listed(replaced or found.being_written)}; taken once whole"
        raise NothingArrivedError(msg)
    if not found.names:
        gone = f"; {len(known)} no longer there: {_listed(sorted(known))}" if known else ""
        msg = f"no file matches {pattern}{gone}"
        raise NothingArrivedError(msg)


def missing(known: Mapping[str, str], present: Mapping[str, str]) -> tuple[str, ...]:
    """Names that are gone with their content: a renamed file is not missing.

    Both are SHA-256 by name.
    """
    moved = {sha for name, sha in present.items() if name not in known}
    return tuple(
        sorted(name for name, sha in known.items() if name not in present and sha not in moved)
    )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
