"""Where chance comes from: the same draw for the same place, whatever else is drawn."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def stream(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """A generator that depends on nothing but its arguments.

    Streams of different purposes do not influence each other, so a new one changes no other.
    ``numbers`` (a year, a week, a day) tell the streams of one purpose apart.
    """
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *numbers])


def uniform(seed: int, purpose: str, *places: Any) -> Floats:
    """One draw in [0, 1) for each place; ``places`` are arrays of whole numbers, broadcast.

    A row's draw depends on its own place only, so that a day more leaves every earlier row as it
    was. The mixing is that of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
    Generators, 2014).
    """
    state = np.uint64((seed << 32) ^ zlib.crc32(purpose.encode()))
    with np.errstate(over="ignore"):
        mixed = _mixed(state + _STEP)
        for place in places:
            mixed = _mixed(mixed + (np.asarray(place).astype(np.uint64) + np.uint64(1)) * _STEP)
    return np.asarray((mixed >> np.uint64(11)) / 2.0**53, dtype=np.float64)


def pick(draws: Floats, shares: Sequence[float]) -> Integers:
    """Which of several things each draw falls on; ``shares`` need not sum to 1."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(edges, draws, side="right"), len(shares) - 1)


def spread(first: Floats, second: Floats, deviation: float) -> Floats:
    """Log-normal factors around 1 from two draws each (Box and Muller, 1958)."""
    normal = np.sqrt(-2.0 * np.log1p(-first)) * np.cos(2.0 * np.pi * second)
    return np.asarray(np.exp(deviation * normal), dtype=np.float64)


def sizes(seed: int, purpose: str, count: int, spread: float) -> Floats:
    """Shares of ``count`` communes, log-normal with ``spread``, that sum to 1."""
    drawn = stream(seed, purpose).lognormal(0.0, spread, count)
    return np.asarray(drawn / drawn.sum(), dtype=np.float64)


def _mixed(state: Any) -> Any:
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    return state ^ (state >> np.uint64(31))
