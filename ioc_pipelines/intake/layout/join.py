"""What spreadsheet cells say: their text, or their number written out."""

from __future__ import annotations

import polars as pl


def joined(texts: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """One text per cell, of frames that name their columns alike."""
    return pl.DataFrame([_said(texts[name], numbers[name]) for name in texts.columns])


def _said(text: pl.Series, number: pl.Series) -> pl.Series:
    """A column's texts; a whole number without a decimal point."""
    if number.null_count() == len(number):
        return text
    frame = pl.DataFrame([text.alias("text"), number.alias("number")])
    whole = pl.col("number").cast(pl.Int64, strict=False).cast(pl.String)
    is_whole = number == number.round(0)
    if not is_whole.all():
        frame = frame.with_columns(is_whole.alias("is_whole"))
        whole = pl.when("is_whole").then(whole)
        whole = pl.coalesce(whole, pl.col("number").cast(pl.String))
    said = whole if text.null_count() == len(text) else pl.coalesce("text", whole)
    return frame.select(said.alias(text.name))[text.name]
