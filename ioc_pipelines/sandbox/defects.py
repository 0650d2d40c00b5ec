"""Which rows are spoilt, how, and which rule each of them breaks.

A feed is planted as the text its agency writes. Three columns are added, the marks that the answer
key is made from: ``rule`` and ``column`` (null on a good row) and ``duplicate``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE

MARKS = ("rule", "column", "duplicate")
NOTHING = pl.lit(None, dtype=pl.String)
# well-formed, and far above the highest commune code in use
UNKNOWN_COMMUNE = pl.format("99{}", (pl.col("nth") + 1).cast(pl.String).str.zfill(3))
DECADE_AHEAD = "10y"
YEARS_AGO = "-3y"

_CLEAN = pl.col("rule").is_null() & ~pl.col("duplicate")


@dataclass(frozen=True)
class Defect:
    """``count`` rows that break ``rule`` at the contract's ``column`` and no other rule.

    ``cells`` are the source columns to overwrite; an expression may use ``nth``, which counts
    the rows of this defect from 0. Rows are drawn among the good ones ``where`` it holds, at most
    ``one_per`` value of that column. ``clean.key_unique`` adds a second row with the same key that
    carries the cells; both rows are refused.
    """

    rule: str
    column: str | None
    count: int
    cells: Mapping[str, pl.Expr] = field(default_factory=dict)
    where: pl.Expr | None = None
    one_per: str | None = None


def moved(column: str, by: str, form: str) -> pl.Expr:
    """A date or timestamp text of ``form``, moved by a polars offset such as ``-3y``."""
    moment = pl.col(column).str.to_datetime(form)
    return moment.dt.offset_by(by).dt.strftime(form)


def plant(
    frame: pl.DataFrame,
    defects: Iterable[Defect],
    *,
    duplicates: int,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """``frame`` with every defect planted, ``duplicates`` exact copies added, and the marks.

    A spoilt row stays where it was; an added row follows the one it was copied from.
    Raises ValueError when too few rows are fit for a defect.
    """
    marked = frame.with_columns(
        NOTHING.alias("rule"), NOTHING.alias("column"), duplicate=pl.lit(False), added=pl.lit(False)
    ).with_row_index("place")
    for defect in defects:
        picked = _picked(marked, defect, rng)
        marked = _replaced(marked, picked, _spoilt(picked, defect))
    picked = _picked(marked, Defect("", None, duplicates), rng)
    copies = picked.with_columns(duplicate=pl.lit(True), added=pl.lit(True))
    marked = _replaced(marked, picked, pl.concat([picked, copies]))
    return marked.drop("place", "added")


def _picked(frame: pl.DataFrame, defect: Defect, rng: np.random.Generator) -> pl.DataFrame:
    fit = frame.filter(_CLEAN if defect.where is None else _CLEAN & defect.where)
    fit = fit[rng.permutation(fit.height)]
    if defect.one_per:
        fit = fit.unique(defect.one_per, keep="first", maintain_order=True)
    if fit.height < defect.count:
        msg = f"{defect.count} rows wanted for {defect.rule}, only {fit.height} are fit"
        raise ValueError(msg)
    return fit.head(defect.count).with_row_index("nth")


def _spoilt(picked: pl.DataFrame, defect: Defect) -> pl.DataFrame:
    marks = {"rule": pl.lit(defect.rule), "column": pl.lit(defect.column, dtype=pl.String)}
    spoilt = picked.with_columns(**defect.cells, **marks)
    if defect.rule != KEY_UNIQUE:
        return spoilt
    return pl.concat([picked.with_columns(**marks), spoilt.with_columns(added=pl.lit(True))])


def _replaced(frame: pl.DataFrame, old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    kept = frame.join(old, on="place", how="anti")
    return pl.concat([kept, new.select(frame.columns)]).sort("place", "added")
