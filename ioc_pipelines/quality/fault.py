"""Whose fault a failed delivery or a refused row is: the source's, the transport's, ours (H80).

What is attributed to us is what the evidence speaks for: an error of the program, a delivery that
is not understood since we read it by another layout or contract than the last good one, a row that
was accepted from the same bytes before.
"""

from __future__ import annotations

from typing import Literal, get_args

import polars as pl

Fault = Literal["source", "transport", "pipeline"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
DELIVERY_FAULT_SCHEMA = pl.Schema({"delivery_id": pl.String, "fault": pl.String})
ROW_FAULT_SCHEMA = pl.Schema({"batch_id": pl.String, "key_hash": pl.String, "fault": pl.String})

_OURS = ("error", "interrupted")
_ON_THE_WAY = ("source_unavailable", "source_faulty")
_OF_THE_DATA = ("structure_mismatch", "unreadable", "below_floor", "held", "rejected")
_GOOD = ("accepted", "partly_accepted")


def delivery_faults(deliveries: pl.DataFrame) -> pl.DataFrame:
    """``delivery_id, fault`` of each delivery; null where nothing failed.

    ``deliveries``: ``delivery_id, feed, seq, outcome, read_by``; ``read_by`` names the layout and
    contract that it was read by, null when nothing was.
    """
    good = pl.when(pl.col("outcome").is_in(_GOOD)).then("read_by")
    last_good = good.forward_fill().shift().over("feed", order_by="seq")
    changed = (pl.col("read_by") != last_good).fill_null(value=False)
    fault = (
        pl.when(pl.col("outcome").is_in(_OURS))
        .then(pl.lit("pipeline"))
        .when(pl.col("outcome").is_in(_ON_THE_WAY))
        .then(pl.lit("transport"))
        .when(pl.col("outcome").is_in(_OF_THE_DATA) & changed)
        .then(pl.lit("pipeline"))
        .when(pl.col("outcome").is_in([*_OF_THE_DATA, "nothing_arrived"]))
        .then(pl.lit("source"))
    )
    return deliveries.with_columns(fault.alias("fault")).select(DELIVERY_FAULT_SCHEMA.names())


def row_faults(judged: pl.DataFrame, refused: pl.DataFrame, accepted: pl.DataFrame) -> pl.DataFrame:
    """``batch_id, key_hash, fault`` of the refused rows that are ours; all others are the source's.

    ``judged``: ``of, batch_id``, the batches that one landed delivery was judged as; ``refused``:
    ``batch_id, key_hash``; ``accepted``: ``of, batch_id, key_hash`` of accepted rows. A row of one
    judgement whose key another judgement of the same bytes accepted is refused by what we changed.
    """
    now = refused.join(judged, on="batch_id").select("of", "key_hash", "batch_id")
    both = now.join(accepted, on=["of", "key_hash"], suffix="_before")
    ours = both.filter(pl.col("batch_id") != pl.col("batch_id_before"))
    return ours.select("batch_id", "key_hash", pl.lit("pipeline").alias("fault")).unique()
