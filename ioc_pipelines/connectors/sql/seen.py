"""Which rows were delivered already, kept in a cursor in few bytes.

The rows at or after the point where the next fetch begins are read again by it. Each is known by a
hash of 64 bits; of more rows than ``LIMIT`` only their number and the sum of the hashes is kept,
which tells whether any of them changed, not which.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from ioc_pipelines.connectors.sql.source import Hashes

LIMIT = 20_000
_SEED = 1
_STORED = np.dtype("<u8")


def hashes_of(table: pa.Table) -> Hashes:
    """A hash of each row; the same values give the same hash in any process."""
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame) or not frame.width:
        return np.zeros(table.num_rows, np.uint64)
    return frame.hash_rows(seed=_SEED).to_numpy()


class Tally:
    """The rows of one reading, in any order."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Keep up to ``limit`` hashes; 0: number and sum only."""
        self._limit = limit
        self._kept: list[Hashes] | None = [] if limit else None
        self._rows = 0
        self._sum = 0

    def add(self, hashes: Hashes) -> None:
        """Count some more rows."""
        self._rows += len(hashes)
        self._sum = (self._sum + int(hashes.sum(dtype=np.uint64))) % 2**64
        if self._kept is not None:
            self._kept.append(hashes)
            if self._rows > self._limit:
                self._kept = None

    @property
    def content(self) -> str:
        """What all rows are together, whatever their order."""
        return f"{self._rows}:{self._sum:016x}"

    def cursor(self) -> dict[str, Any]:
        """What a cursor keeps: ``seen``, each row, or ``content``, all of them."""
        if self._kept is None:
            return {"content": self.content}
        rows = np.unique(np.concatenate([np.zeros(0, np.uint64), *self._kept]))
        return {"seen": base64.b64encode(rows.astype(_STORED).tobytes()).decode()}


def seen_in(cursor: Mapping[str, Any]) -> Hashes | None:
    """The rows that the cursor knows one by one; None when it does not."""
    if "seen" not in cursor:
        return None
    stored = np.frombuffer(base64.b64decode(cursor["seen"]), _STORED)
    return stored.astype(np.uint64)
