"""Rows that say what another row says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl


def repeated(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """True for each row whose cells ``names`` another row has, too; empty equals empty.

    Rows are told apart by a hash first; only those that share one are compared, and few do.
    """
    hashes = frame.select(names).hash_rows()
    if hashes.n_unique() == frame.height:
        return marked([], frame.height)
    ordered = hashes.sort()
    shared = ordered.filter(ordered == ordered.shift()).unique()
    maybe = hashes.is_in(shared.implode()).arg_true()
    again = frame[maybe].select(pl.struct(names).is_duplicated()).to_series()
    return marked(maybe.filter(again), frame.height)


def marked(places: pl.Series | Sequence[int], height: int) -> pl.Series:
    """True at the places."""
    mask = np.zeros(height, dtype=bool)
    mask[np.asarray(places, dtype=np.int64)] = True
    return pl.Series(mask)
