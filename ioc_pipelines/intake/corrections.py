"""Known errors corrected: between conform and contract, as the feed's register says.

A correction applies only while the source sends exactly the value that it expects. When the row
comes with another value the source may have been mended: the row goes on as it came, and the
correction is reported (``quality.delivery_rules``). What was received is never changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from contracts.base import Contract
from ioc_pipelines.catalog.corrections import Correction, is_text_of_unreadable, typed
from ioc_pipelines.intake.conform import ROW_ID, Conformed
from ioc_pipelines.intake.layout.table import PLACE

MARK = "_corrections"
_APPLIED, _DIFFERS, _ABSENT = "applied", "differs", "absent"
_CHANGING = ("override", "scale")
CORRECTION_SCHEMA = pl.Schema(
    {
        "correction_id": pl.String,
        "column_name": pl.String,
        "action": pl.String,
        "reason": pl.String,
        "provider": pl.String,
        "reported_on": pl.Date,
        "found": pl.String,
        "raw": pl.String,
        "corrected": pl.String,
    }
)


@dataclass(frozen=True)
class Corrected:
    """A batch with its known errors corrected.

    ``batch``: the rows that go on to the contract, with the column ``_corrections``: the ids of
    what was corrected or flagged in the row, null where nothing was. ``dropped``: conformed rows
    that do not. ``found``: one row per active correction and row of its key (one without a row
    when the key did not come): ``_row_id``, the key, ``_file, _sheet, _row`` and CORRECTION_SCHEMA;
    ``found`` is ``applied``, ``differs`` or ``absent``; ``raw`` and ``corrected`` are values.
    """

    batch: Conformed
    dropped: pl.DataFrame
    found: pl.DataFrame
    digest: str = ""

    def without_rows(self) -> Corrected:
        """The same, the rows that go on left out."""
        none = Conformed(
            self.batch.rows.clear(), self.batch.received.clear(), self.batch.unreadable.clear()
        )
        return replace(self, batch=none)

    def ids(self, found: str) -> list[str]:
        """The corrections that were found ``applied``, ``differs`` or ``absent``, by id.

        One that applies to one of several rows with its key applies.
        """
        applied = pl.col("found") == _APPLIED
        best = self.found.group_by("correction_id").agg(
            pl.when(applied.any())
            .then(pl.lit(_APPLIED))
            .otherwise(pl.col("found").first())
            .alias("found")
        )
        return best.filter(pl.col("found") == found)["correction_id"].sort().to_list()


def correct(
    batch: Conformed, contract: type[Contract], corrections: Sequence[Correction]
) -> Corrected:
    """Apply the active corrections of a feed's register to a conformed batch.

    ``digest`` says which applied, and is empty when none did: it makes another batch.
    """
    active = [known for known in corrections if known.status == "active"]
    if not active:
        unmarked = batch.rows.with_columns(pl.lit(None, pl.String).alias(MARK))
        none = batch.rows.clear()
        going_on = Conformed(unmarked, batch.received, batch.unreadable)
        found = _found(Conformed(none, none, batch.unreadable), contract, [])
        return Corrected(going_on, none, found)
    found = _found(batch, contract, active)
    applied = found.filter(pl.col("found") == _APPLIED)
    rows, unreadable = batch.rows, batch.unreadable
    changing = applied.filter(pl.col("action").is_in(_CHANGING))
    for (name,), of_column in changing.group_by("column_name"):
        rows = _changed(rows, str(name), of_column, active)
    cells = changing.select(ROW_ID, pl.col("column_name").alias("column"))
    unreadable = unreadable.join(cells, on=[ROW_ID, "column"], how="anti", maintain_order="left")
    gone = applied.filter(action="drop").select(ROW_ID).unique()
    marks = (
        applied.filter(pl.col("action") != "drop")
        .group_by(ROW_ID)
        .agg(pl.col("correction_id").str.join(",").alias(MARK))
    )
    kept = rows.join(gone, on=ROW_ID, how="anti", maintain_order="left")
    kept = kept.join(marks, on=ROW_ID, how="left", maintain_order="left")
    # a dropped row is shown as it came
    dropped = batch.rows.join(gone, on=ROW_ID, how="semi", maintain_order="left")
    names = set(applied["correction_id"].to_list())
    digest = _digest([known for known in active if known.id in names])
    return Corrected(Conformed(kept, batch.received, unreadable), dropped, found, digest)


def merged(pieces: Sequence[Corrected], corrections: Sequence[Correction]) -> Corrected:
    """What became of the known errors of a batch that came in pieces.

    Of one whose key is in none of them the key did not come.
    """
    found = pl.concat([piece.found for piece in pieces])
    there = found.filter(pl.col(ROW_ID).is_not_null())
    absent = found.filter(pl.col(ROW_ID).is_null()).unique(keep="first", maintain_order=True)
    absent = absent.join(there, on="correction_id", how="anti", maintain_order="left")
    applied = set(there.filter(pl.col("found") == _APPLIED)["correction_id"].to_list())
    return Corrected(
        pieces[0].batch,
        pl.concat([piece.dropped for piece in pieces]),
        pl.concat([there, absent]).sort("correction_id", ROW_ID),
        _digest(
            [known for known in corrections if known.status == "active" and known.id in applied]
        ),
    )


def _found(batch: Conformed, contract: type[Contract], active: list[Correction]) -> pl.DataFrame:
    """Each correction with the rows of its key, and whether each says what is expected."""
    schema, key = contract.polars_schema(), list(contract.info().key)
    register = _register(active, schema, key)
    rows = batch.rows.join(register, on=key, how="semi", nulls_equal=True, maintain_order="left")
    columns = register["column_name"].unique(maintain_order=True).to_list()
    cells = [
        rows.select(
            ROW_ID,
            *PLACE,
            *key,
            pl.col(name).cast(pl.String).alias("raw"),
            column_name=pl.lit(name),
        )
        for name in columns
    ]
    if not cells:
        empty = rows.select(ROW_ID, *PLACE, *key).clear()
        return empty.with_columns(pl.lit(None, t).alias(n) for n, t in CORRECTION_SCHEMA.items())
    said = pl.concat(cells).join(
        batch.unreadable.rename({"column": "column_name"}),
        on=[ROW_ID, "column_name"],
        how="left",
        maintain_order="left",
    )
    is_expected = pl.coalesce("text", "raw").eq_missing(pl.col("expected")) & (
        # a text is expected of a column of texts, whether it can be read or not
        (pl.col("text").is_not_null() == pl.col("unreadable")) | pl.col("is_text")
    )
    known = register.join(said, on=[*key, "column_name"], how="left", nulls_equal=True)
    return known.select(
        ROW_ID,
        *PLACE,
        *key,
        *("correction_id", "column_name", "action", "reason", "provider", "reported_on"),
        pl.when(pl.col(ROW_ID).is_null())
        .then(pl.lit(_ABSENT))
        .when(is_expected)
        .then(pl.lit(_APPLIED))
        .otherwise(pl.lit(_DIFFERS))
        .alias("found"),
        pl.coalesce("text", "raw").alias("raw"),
        pl.when(is_expected).then("corrected").alias("corrected"),
    ).sort("correction_id", ROW_ID)


def _register(active: list[Correction], schema: pl.Schema, key: list[str]) -> pl.DataFrame:
    """The corrections as rows; ``expected`` and ``corrected`` as the text that polars gives."""
    kinds = [schema[known.column] for known in active]
    columns = {
        **{
            n: pl.Series([typed(c.key[n], schema[n]) for c in active], dtype=schema[n]) for n in key
        },
        "correction_id": pl.Series([c.id for c in active], dtype=pl.String),
        "column_name": pl.Series([c.column for c in active], dtype=pl.String),
        "action": pl.Series([c.action for c in active], dtype=pl.String),
        "reason": pl.Series([c.reason for c in active], dtype=pl.String),
        "provider": pl.Series([c.provider for c in active], dtype=pl.String),
        "reported_on": pl.Series([c.reported_on for c in active], dtype=pl.Date),
        "unreadable": pl.Series(
            [is_text_of_unreadable(c, k) for c, k in zip(active, kinds, strict=True)],
            dtype=pl.Boolean,
        ),
        "is_text": pl.Series([k == pl.String for k in kinds], dtype=pl.Boolean),
        "expected": pl.Series(
            [_expected(c, k) for c, k in zip(active, kinds, strict=True)], dtype=pl.String
        ),
        "corrected": pl.Series(
            [_text(c.corrected(k), k) for c, k in zip(active, kinds, strict=True)], dtype=pl.String
        ),
    }
    return pl.DataFrame(columns)


def _expected(known: Correction, dtype: pl.DataType) -> str | None:
    is_text = is_text_of_unreadable(known, dtype)
    return _text(
        typed(known.expected, pl.String() if is_text else dtype), pl.String() if is_text else dtype
    )


def _text(value: object, dtype: pl.DataType) -> str | None:
    """The value as polars writes it, so that it can be compared with cells of that type."""
    text: str | None = pl.Series([value], dtype=dtype, strict=False).cast(pl.String).item()
    return text


def _changed(
    rows: pl.DataFrame, name: str, applied: pl.DataFrame, active: list[Correction]
) -> pl.DataFrame:
    """The rows with the right values in one column."""
    dtype = rows.schema[name]
    own = [known for known in active if known.column == name]
    right = pl.DataFrame(
        {
            "correction_id": [known.id for known in own],
            "_right": pl.Series([k.corrected(dtype) for k in own], dtype=dtype, strict=False),
        }
    )
    cells = applied.select(ROW_ID, "correction_id").join(right, on="correction_id")
    cells = cells.select(ROW_ID, "_right", pl.lit(True).alias("_is_wrong"))
    joined = rows.join(cells, on=ROW_ID, how="left", maintain_order="left")
    value = pl.when(pl.col("_is_wrong")).then("_right").otherwise(name).alias(name)
    return joined.with_columns(value).drop("_right", "_is_wrong")


def _digest(applied: Sequence[Correction]) -> str:
    if not applied:
        return ""
    said = sorted(known.model_dump_json() for known in applied)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
