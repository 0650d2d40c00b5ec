"""Where chance comes from: one independent, repeatable stream per purpose."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt


def stream(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """A generator that depends on nothing but its arguments.

    Streams of different purposes do not influence each other, so a new one changes no other.
    ``numbers`` (a year, a week, a day) tell the streams of one purpose apart.
    """
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *numbers])


def sizes(seed: int, purpose: str, count: int, spread: float) -> npt.NDArray[np.float64]:
    """Shares of ``count`` communes, log-normal with ``spread``, that sum to 1."""
    drawn = stream(seed, purpose).lognormal(0.0, spread, count)
    return np.asarray(drawn / drawn.sum(), dtype=np.float64)
