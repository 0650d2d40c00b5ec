"""Do the totals of a table equal the sum of their parts? (H22, A17)

A total is compared with the rows that its layout says add up to it, column by column, in the
contract's unit. What differs is listed, row by row; it refuses nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.catalog.patterns import names_in
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.intake.layout.table import FILE, ROW, SHEET
from ioc_pipelines.intake.legacy_text import MOJIBAKE

CONTROL_SCHEMA = pl.Schema(
    {
        "source_file": pl.String,
        "sheet": pl.String,
        "row_number": pl.Int64,
        "label": pl.String,
        "key": pl.String,
        "column_name": pl.String,
        "stated": pl.Float64,
        "parts_sum": pl.Float64,
        "parts": pl.Int64,
        "difference": pl.Float64,
        "ties": pl.Boolean,
    }
)
# sums of doubles differ in their last places from the total that a spreadsheet shows: by so much
# of what was added up, for each row
_SLACK = 2.0**-49


def control_totals(
    data: pl.DataFrame,
    rows: Conformed,
    totals: pl.DataFrame,
    summed: Conformed,
    columns: Mapping[str, Column],
    keys: Sequence[str],
    captured: Collection[str],
) -> pl.DataFrame:
    """Each total and column with the sum of its parts, under ``CONTROL_SCHEMA``.

    ``data`` and ``totals`` are the tables that ``rows`` and ``summed`` were conformed from;
    ``keys`` tell the values of one row of a wide table apart, ``captured`` stand outside it.
    """
    measures = _measures(rows, columns, {*keys, *captured})
    every = pl.concat(
        [_values(data, rows, keys, measures), _values(totals, summed, keys, measures)]
    )
    stated = _values(totals, summed, keys, measures).with_columns(
        totals.select("_label", "_parts", "_some", "_tolerance", "_columns")
    )
    compared = stated.filter(pl.col("_parts").list.len() > 0).with_row_index("_total")
    if compared.is_empty() or not measures:
        return pl.DataFrame(schema=CONTROL_SCHEMA)
    sums = (
        compared.select("_total", FILE, SHEET, *keys, pl.col("_parts").alias(ROW))
        .explode(ROW)
        .join(every, on=[FILE, SHEET, *keys, ROW], how="inner", nulls_equal=True)
        .group_by("_total")
        .agg(
            pl.col(measures).sum(),
            pl.col(measures).abs().sum().name.suffix("_size"),
            pl.len().alias("_count"),
        )
    )
    return _listed(compared, sums, measures, keys)


def _measures(
    rows: Conformed, columns: Mapping[str, Column], outside: Collection[str]
) -> list[str]:
    """The numeric columns that come from cells: a year in the file's name does not add up."""
    return [
        name
        for name, kind in rows.rows.schema.items()
        if name in columns
        and kind.is_numeric()
        and columns[name].source not in outside
        and not names_in(columns[name].source)
    ]


def _values(
    table: pl.DataFrame, conformed: Conformed, keys: Sequence[str], measures: Sequence[str]
) -> pl.DataFrame:
    figures = conformed.rows.drop(ROW_ID).select(pl.col(measures).cast(pl.Float64))
    return pl.concat([table.select(FILE, SHEET, ROW, *keys), figures], how="horizontal")


def _listed(
    compared: pl.DataFrame, sums: pl.DataFrame, measures: Sequence[str], keys: Sequence[str]
) -> pl.DataFrame:
    """One row per total and column that both have a figure to compare."""
    key = pl.concat_str(
        [pl.format(f"{name}={{}}", pl.col(name).fill_null("")) for name in keys] or [pl.lit("")],
        separator=", ",
    )
    frames = []
    for measure in measures:
        applies = (pl.col("_columns").list.len() == 0) | pl.col("_columns").list.contains(measure)
        stated, parts = pl.col(measure), pl.col(f"{measure}_parts")
        difference = stated - parts
        size = pl.max_horizontal(stated.abs(), f"{measure}_size")
        allowed = pl.col("_tolerance") + _SLACK * (pl.col("_count") + 1) * size
        # where only some parts are listed their sum may fall short of the total
        ties = pl.when("_some").then(difference >= -allowed).otherwise(difference.abs() <= allowed)
        frames.append(
            compared.filter(applies, stated.is_not_null())
            .join(sums, on="_total", how="inner", suffix="_parts", maintain_order="left")
            .select(
                pl.col(FILE).alias("source_file"),
                pl.col(SHEET).alias("sheet"),
                pl.col(ROW).alias("row_number"),
                pl.when(~pl.col("_label").str.contains(MOJIBAKE)).then("_label").alias("label"),
                key.alias("key"),
                pl.lit(measure).alias("column_name"),
                stated.alias("stated"),
                parts.alias("parts_sum"),
                pl.col("_count").cast(pl.Int64).alias("parts"),
                difference.alias("difference"),
                ties.alias("ties"),
            )
        )
    return pl.concat(frames).cast(CONTROL_SCHEMA).select(*CONTROL_SCHEMA)
