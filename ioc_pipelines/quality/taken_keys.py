"""Corrections that would take the place of another row that is accepted already."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from contracts.base import Rule
from ioc_pipelines.intake.conform import ROW_ID
from ioc_pipelines.quality.evaluate import BROKEN_SCHEMA, RuleResult
from ioc_pipelines.quality.split import Verdict

KEY_TAKEN = Rule(
    "clean.key_taken",
    None,
    "Khóa sau khi sửa trùng với một dòng khác đã được tiếp nhận: sửa lại khóa; nếu muốn thay dòng "
    "đã tiếp nhận thì sửa trong tệp gốc và gửi lại cả tệp",
)


def with_taken(verdict: Verdict, taken: pl.Series) -> Verdict:
    """The verdict on a correction with the rows refused whose key another row has.

    ``taken``: their row ids. They are refused for it beside whatever else they break.
    """
    judged = verdict.accepted.height + verdict.quarantined.height
    is_taken = pl.col(ROW_ID).is_in(taken.implode())
    refused = verdict.accepted.filter(is_taken)
    both = pl.concat([refused, verdict.quarantined.filter(is_taken)])
    result = RuleResult(KEY_TAKEN, judged - both.height, judged)
    accepted = verdict.accepted.filter(~is_taken)
    status = verdict.status
    if not refused.is_empty():
        status = "below_floor" if accepted.is_empty() else "partly_accepted"
    return replace(
        verdict,
        status=status,
        accepted=accepted,
        quarantined=pl.concat([verdict.quarantined, refused]).sort(ROW_ID),
        broken=pl.concat([verdict.broken, _broken(both)]).sort(ROW_ID, maintain_order=True),
        results=(*verdict.results, result),
    )


def _broken(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        ROW_ID,
        pl.lit(KEY_TAKEN.id).alias("rule"),
        pl.lit(KEY_TAKEN.dimension, BROKEN_SCHEMA["dimension"]).alias("dimension"),
        pl.lit(None, pl.String).alias("column_name"),
        pl.lit(KEY_TAKEN.message_vi).alias("message_vi"),
    )
