"""Rows that are known to be wrong at the source and are kept out until it is mended (H80)."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from contracts.base import Rule
from ioc_pipelines.intake.conform import ROW_ID
from ioc_pipelines.quality.evaluate import BROKEN_SCHEMA, RuleResult
from ioc_pipelines.quality.split import RowsVanishedError, Verdict

KNOWN_ERROR = Rule(
    "correct.known_error",
    None,
    "Dòng có lỗi đã biết, đã báo cơ quan cung cấp: chưa đưa vào kho cho đến khi nguồn sửa lại",
)


def with_dropped(verdict: Verdict, dropped: pl.DataFrame) -> Verdict:
    """The verdict on a batch with the rows that its register drops, quarantined.

    They do not count against the floor: what to do about them is decided already.
    Raises RowsVanishedError when the counts do not add up.
    """
    if dropped.is_empty():
        return verdict
    received = verdict.rows_received + dropped.height
    quarantined = pl.concat([verdict.quarantined, dropped], how="diagonal").sort(ROW_ID)
    counted = verdict.accepted.height + quarantined.height + verdict.rows_duplicate
    if received != counted:
        msg = f"{received} rows received, {counted} accepted, quarantined or duplicate"
        raise RowsVanishedError(msg)
    return replace(
        verdict,
        status="partly_accepted" if verdict.is_good else verdict.status,
        quarantined=quarantined,
        broken=pl.concat([verdict.broken, _broken(dropped)]).sort(ROW_ID, maintain_order=True),
        results=(
            *verdict.results,
            RuleResult(KNOWN_ERROR, received - dropped.height, received),
        ),
        rows_received=received,
    )


def _broken(dropped: pl.DataFrame) -> pl.DataFrame:
    return dropped.select(
        ROW_ID,
        pl.lit(KNOWN_ERROR.id).alias("rule"),
        pl.lit(KNOWN_ERROR.dimension, BROKEN_SCHEMA["dimension"]).alias("dimension"),
        pl.lit(None, pl.String).alias("column_name"),
        pl.lit(KNOWN_ERROR.message_vi).alias("message_vi"),
    )
