"""A digest of what rows say, whatever their order and however they come in pieces.

The SHA-256 of each row are summed, lane by lane: a multiset has one sum, a row that comes twice
counts twice, and no row need be held or sorted for it (ADR 0045).
"""

from __future__ import annotations

import duckdb
import numpy as np
import polars as pl

_SEPARATOR, _ESCAPE, _NOTHING = "\x1f", "\x1e", "\x00"
# what a value says in the place of a sign that has a meaning between values
_ESCAPED = {_ESCAPE: "\x1e0", _SEPARATOR: "\x1e1", _NOTHING: "\x1e2"}
_LANES = 8  # of eight hexadecimal digits each, as they are written


class RowsDigest:
    """Sums up rows; ``add`` as many pieces as there are."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._rows, self._sum = 0, np.zeros(_LANES, dtype=np.uint64)

    def add(self, rows: pl.DataFrame) -> None:
        """Count these rows, all of their columns in this order."""
        if rows.is_empty():
            return
        said = rows.select(
            pl.concat_str([_said(column) for column in rows], separator=_SEPARATOR).alias("said")
        )
        with duckdb.connect() as connection:
            connection.register("rows", said.to_arrow())
            digits = connection.sql("select sha256(said) as digits from rows").pl()["digits"]
        text = digits.to_arrow(compat_level=pl.CompatLevel.oldest()).buffers()[2]
        lanes = np.frombuffer(text, dtype="<u8", count=_LANES * rows.height)
        self._rows += rows.height
        # beyond 64 bits it begins anew, which is as good a sum
        self._sum += lanes.reshape(-1, _LANES).sum(axis=0, dtype=np.uint64)

    def value(self) -> bytes:
        """The digest of all rows so far."""
        return self._rows.to_bytes(8, "big") + self._sum.astype(">u8").tobytes()


def _said(column: pl.Series) -> pl.Expr:
    """The values as text that no two different rows share."""
    text = column.cast(pl.String)
    if column.dtype == pl.String and text.str.contains("[\x00\x1e\x1f]").any():
        for sign, instead in _ESCAPED.items():
            text = text.str.replace_all(sign, instead, literal=True)
    return pl.lit(text.fill_null(_NOTHING))
