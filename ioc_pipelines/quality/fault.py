"""Whose fault a failed delivery or a refused row is: the source's, the transport's, ours (H80).

What is attributed to us is what the evidence speaks for: an error of the program, a delivery that
is not understood since we read it by another layout or contract than the last good one, a row that
was accepted from the same bytes before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

Fault = Literal["source", "transport", "pipeline"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
DELIVERY_FAULT_SCHEMA = pl.Schema(
    {"delivery_id": pl.String, "fault": pl.String, "fault_reason": pl.String}
)
ROW_FAULT_SCHEMA = pl.Schema(
    {"batch_id": pl.String, "key_hash": pl.String, "fault": pl.String, "accepted_in": pl.String}
)


@dataclass(frozen=True)
class Reason:
    """Why a failed delivery is whose fault it is, in words."""

    fault: Fault
    words: str


REASONS: Mapping[str, Reason] = {
    "internal_error": Reason("pipeline", "the program failed, whatever the source sent"),
    "interrupted": Reason("pipeline", "our process was ended before it was done"),
    "read_otherwise": Reason(
        "pipeline", "read by another layout or contract than the last good delivery"
    ),
    "not_configured": Reason("pipeline", "an address or a secret of the source is not set by us"),
    "no_answer": Reason("transport", "the source did not answer, or may not be asked now"),
    "other_answer": Reason("transport", "something answered, but not with the source's whole data"),
    "nothing_sent": Reason("source", "the source was reached and had nothing for us"),
    "as_sent": Reason(
        "source",
        "what was sent was refused, read as the last good delivery was, if there is any",
    ),
}
_REASON_OF = {
    "error": "internal_error",
    "interrupted": "interrupted",
    "source_unavailable": "no_answer",
    "source_faulty": "other_answer",
    "nothing_arrived": "nothing_sent",
    "marked_secret": "as_sent",
}
_OF_THE_DATA = ("structure_mismatch", "unreadable", "below_floor", "held", "rejected")
_GOOD = ("accepted", "partly_accepted")


def delivery_faults(deliveries: pl.DataFrame) -> pl.DataFrame:
    """``delivery_id, fault, fault_reason`` of each delivery; null where nothing failed.

    ``deliveries``: ``delivery_id, feed, seq, outcome, read_by, cause``; ``read_by`` names the
    layout and contract that it was read by, null when nothing was; ``cause`` is a reason that is
    known from the failure itself. A reason is a key of ``REASONS``.
    """
    good = pl.when(pl.col("outcome").is_in(_GOOD)).then("read_by")
    last_good = good.forward_fill().shift().over("feed", order_by="seq")
    changed = (pl.col("read_by") != last_good).fill_null(value=False)
    of_data = pl.when(changed).then(pl.lit("read_otherwise")).otherwise(pl.lit("as_sent"))
    reason = (
        pl.when(pl.col("cause").is_in(list(REASONS)))
        .then("cause")
        .when(pl.col("outcome").is_in(_OF_THE_DATA))
        .then(of_data)
        .otherwise(pl.col("outcome").replace_strict(_REASON_OF, default=None))
    )
    faults = {name: known.fault for name, known in REASONS.items()}
    return deliveries.with_columns(reason.alias("fault_reason")).select(
        "delivery_id",
        pl.col("fault_reason").replace_strict(faults, default=None).alias("fault"),
        "fault_reason",
    )


def row_faults(judged: pl.DataFrame, refused: pl.DataFrame, accepted: pl.DataFrame) -> pl.DataFrame:
    """``ROW_FAULT_SCHEMA`` of the refused rows that are ours; all others are the source's.

    ``judged``: ``of, batch_id``, the batches that one landed delivery was judged as; ``refused``:
    ``batch_id, key_hash``; ``accepted``: ``of, batch_id, key_hash`` of accepted rows. A row of one
    judgement whose key another judgement of the same bytes accepted is refused by what we changed:
    ``accepted_in`` is the batch of that judgement.
    """
    now = refused.join(judged, on="batch_id").select("of", "key_hash", "batch_id")
    both = now.join(accepted, on=["of", "key_hash"], suffix="_before")
    ours = both.filter(pl.col("batch_id") != pl.col("batch_id_before"))
    return ours.group_by("batch_id", "key_hash").agg(
        pl.lit("pipeline").alias("fault"), pl.col("batch_id_before").min().alias("accepted_in")
    )
