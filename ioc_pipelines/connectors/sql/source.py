"""What the three engines have in common, seen from the one that reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

Value = int | float | str
Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]


class TableName(NamedTuple):
    """A table or view; ``schema`` is None where the connection finds it without one."""

    schema: str | None
    name: str


@dataclass(frozen=True)
class Span:
    """Rows whose ``watermark`` is at or after ``since`` and before ``until``; None means open.

    ``nulls``: rows without a watermark as well.
    """

    watermark: str
    since: Value | None = None
    until: Value | None = None
    nulls: bool = True


@dataclass(frozen=True)
class Batch:
    """Some rows, and how to hash each of them to 64 bits when that is wanted."""

    table: pa.Table
    hashes: Callable[[], Hashes]


class Source(Protocol):
    """One read-only transaction in an agency's database: it sees one moment, and only reads.

    ``note`` counts what could not be carried over as it stood, by what was done instead.
    """

    note: Counter[str]

    def tables(self) -> Collection[TableName]:
        """Tables and views; one that needs no schema stands there with and without."""

    def columns(self, table: TableName) -> Collection[str]:
        """The names of the table's columns."""

    def newest(self, table: TableName, watermark: str, upto: Value | None) -> Value | None:
        """The greatest watermark, not past ``upto``; a time as ISO text, a number as one.

        Raises SourceChangedError when the column is of a type that has no order in time.
        """

    def rows(
        self, table: TableName, columns: Collection[str], span: Span | None
    ) -> Iterator[Batch]:
        """The rows, some at a time, all of one schema; at least one batch, which may be empty."""
