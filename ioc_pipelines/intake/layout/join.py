"""What spreadsheet cells say: their text, or their number written out."""

from __future__ import annotations

import polars as pl


def joined(texts: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """One text per cell; a whole number without a decimal point. Both frames name their columns
    alike.
    """
    frame = texts.hstack(numbers.rename(_number))
    said = []
    for name in texts.columns:
        number = pl.col(_number(name))
        whole = pl.when(number == number.round(0)).then(number.cast(pl.Int64, strict=False))
        said.append(pl.coalesce(name, whole.cast(pl.String), number.cast(pl.String)).alias(name))
    return frame.select(said)


def _number(name: str) -> str:
    return f"{name} number"
