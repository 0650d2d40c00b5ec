"""What became of each refused row: open, corrected, superseded, no longer sent, closed.

Nothing is kept of it: it follows from what was delivered, in order. A ticket that came back and
was accepted is corrected, whatever its key is now and however often the source sends the old row
again; one that came back as it was refused says nothing new of a case that has ended since.

All is of one feed: no case crosses feeds, so what a province asks of memory is its largest feed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import polars as pl

from ioc_pipelines.quality.case_keys import case_rows, first_names, renamings
from ioc_pipelines.quality.deadlines import MOMENT, Limits, dated

Status = Literal["open", "corrected", "superseded", "no_longer_sent", "closed", "held_with_batch"]
STATUSES: tuple[Status, ...] = get_args(Status)

CASE_SCHEMA = pl.Schema(
    {  # type: ignore[arg-type]
        "batch_id": pl.String,
        "feed": pl.String,
        "ticket": pl.String,
        "status": pl.String,
        "attempt": pl.Int64,
        "first_refused_at": MOMENT,
        "closed_at": MOMENT,
        "closed_by_batch": pl.String,
        "due_at": MOMENT,
        "is_overdue": pl.Boolean,
        "age_class": pl.String,
    }
)
DELIVERY_SCHEMA = pl.Schema(
    {  # type: ignore[arg-type]
        "feed": pl.String,
        "batch_id": pl.String,
        "order": pl.Int64,
        "at": MOMENT,
        "stands": pl.Boolean,
        "is_full": pl.Boolean,
    }
)
_FACTS = ["status", "attempt", "first_refused_at", "closed_at", "closed_by_batch"]
_NEVER = 2**62
# places in the order for the judgements of one delivery: before, that which counts, since
ORDERS = 3


@dataclass(frozen=True)
class Happened:
    """What the cases of a feed follow from.

    ``deliveries``: ``DELIVERY_SCHEMA``, one row per delivery and batch it was judged as; ``order``
    is ``ORDERS`` times the delivery's number, plus one for the judgement that counts and two for
    one that was made since; ``stands``: its accepted rows are in; ``is_full``: what it does not
    have, the source no longer sends. ``refused``: as
    published of refused rows. ``accepted``: ``order, key_hash``, of what stands. ``answers``: the
    tickets that came back. ``closings``: ``ticket, closed_at``.
    """

    feed: str
    deliveries: pl.DataFrame
    refused: pl.DataFrame
    accepted: pl.DataFrame
    answers: pl.DataFrame
    closings: pl.DataFrame


def cases(happened: Happened, limits: Limits | None, now: datetime) -> pl.DataFrame:
    """One row per refused row of each batch: ``CASE_SCHEMA``.

    Rows that are held back only because their whole batch is have no case: the batch waits.
    """
    rows, answered, told = _story(happened)
    found = _of_every_row(rows, told, answered)
    ended = _closed_by_hand(found, happened.closings)
    return (
        dated(ended, limits, now)
        .with_columns(pl.lit(happened.feed).alias("feed"))
        .select(CASE_SCHEMA.names())
        .cast(dict(CASE_SCHEMA))  # type: ignore[arg-type]
        .sort("batch_id", "ticket")
    )


def settled(happened: Happened) -> pl.Series:
    """The tickets whose case has ended since: corrected, or no longer sent.

    What is refused again after it was in is another case: the old ticket says nothing of it. What a
    person closed has not ended by that: a correction that comes all the same is news.
    """
    _, answered, told = _story(happened)
    episode = ["case", "episode"]
    is_open = pl.col("status") == "open"
    has_ended = pl.col("status").is_in(["corrected", "no_longer_sent"])
    found = told.with_columns((has_ended.any() & ~is_open.any()).over(episode).alias("is_over"))
    by_ticket = found.group_by("ticket").agg(
        ((has_ended.any() | pl.col("is_over").any()) & ~is_open.any()).alias("is_settled")
    )
    tickets = by_ticket.filter("is_settled")["ticket"]
    return pl.concat([tickets, answered["ticket"]]).unique().sort()


def _story(happened: Happened) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The refused rows with their cases, the answered tickets, and what ended each refusal."""
    shown = case_rows(happened.refused)
    names = renamings(shown, happened.answers, happened.deliveries)
    rows = shown.with_columns(first_names(pl.col("shown"), names))
    answered = _answered(rows, happened)
    by_key = happened.accepted.select(first_names(pl.col("key_hash"), names), "order")
    by_ticket = answered.join(rows.select("ticket", "case").unique("ticket"), on="ticket")
    accepts = pl.concat([by_key, by_ticket.select("case", "order")]).sort("order")
    events = _refusals(rows, answered, accepts, happened)
    return rows, answered, _told(_counted(events), answered, happened.deliveries)


def _answered(rows: pl.DataFrame, happened: Happened) -> pl.DataFrame:
    """``ticket, order, is_same``: the tickets that came back and were accepted, and when first.

    Of rows that contradicted each other the one that came back has settled it for all.
    """
    standing = happened.deliveries.filter("stands").select("batch_id", "order")
    accepted = (
        happened.answers.filter("is_accepted")
        .rename({"batch_id": "by_batch"})
        .join(standing, left_on="by_batch", right_on="batch_id")
        .with_columns((pl.col("ticket") == pl.col("new_ticket")).alias("is_same"))
    )
    refused = happened.deliveries.select("batch_id", refused="order")
    conflicts = rows.filter("is_conflict").select("batch_id", "shown", "ticket")
    settled = (
        accepted.join(conflicts.join(refused, on="batch_id"), on="ticket")
        .filter(pl.col("key_hash") == pl.col("shown"), pl.col("refused") < pl.col("order"))
        .join(conflicts, on=["batch_id", "shown"], suffix="_of_other")
        .select(ticket="ticket_of_other", order="order", is_same=pl.lit(value=False))
    )
    own = accepted.select("ticket", "order", "is_same")
    both = pl.concat([own, settled]).sort("order", maintain_order=True)
    return both.unique("ticket", keep="first", maintain_order=True)


def _refusals(
    rows: pl.DataFrame, answered: pl.DataFrame, accepts: pl.DataFrame, happened: Happened
) -> pl.DataFrame:
    """Each refusal that tells of its case, in order, with what came next of ``accept, gone``.

    Not those of a ticket that was answered before, nor what an officer left as it was in a pack,
    when its case had ended by then.
    """
    fulls = happened.deliveries.filter(pl.col("stands") & pl.col("is_full")).select("order")
    left = happened.answers.filter(
        ~pl.col("is_accepted") & (pl.col("ticket") == pl.col("new_ticket"))
    ).select("batch_id", "ticket", pl.lit(value=True).alias("is_left"))
    events = (
        rows.join(happened.deliveries.select("batch_id", "order", "at"), on="batch_id")
        .join(answered.select("ticket", answered="order"), on="ticket", how="left")
        .filter(~(pl.col("order") > pl.col("answered")).fill_null(value=False))
        .join(left, on=["batch_id", "ticket"], how="left")
        .with_columns(pl.col("is_left").fill_null(value=False))
        .sort("order", "ticket")
    )
    events = _next(_next(events, accepts, "accept", by="case"), fulls.sort("order"), "gone")
    ended = pl.when(~pl.col("is_left")).then(pl.min_horizontal("accept", "gone"))
    is_over = ended.forward_fill().over("case") < pl.col("order")
    return events.filter(~(pl.col("is_left") & is_over).fill_null(value=False))


def _next(
    events: pl.DataFrame, after: pl.DataFrame, name: str, by: str | None = None
) -> pl.DataFrame:
    """With ``name``: the order of the next of ``after`` behind each event, else never."""
    return events.join_asof(
        after.with_columns(pl.col("order").alias(name)),
        on="order",
        by=by,
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
    ).with_columns(pl.col(name).fill_null(_NEVER))


def _counted(events: pl.DataFrame) -> pl.DataFrame:
    """With ``again, first_refused_at, attempt``: which of the contents sent so far it is.

    A case that was in and is refused again begins anew.
    """
    is_anew = (pl.col("accept").shift() < pl.col("order")).fill_null(value=False)
    events = events.with_columns(is_anew.cum_sum().over("case").alias("episode"))
    episode = ["case", "episode"]
    is_new = pl.col("order") == pl.col("order").min().over([*episode, "ticket"])
    tries = (
        events.with_columns(is_new.alias("is_new"))
        .group_by([*episode, "order"])
        .agg(pl.col("is_new").any().cast(pl.Int64))
        .sort("order")
        .with_columns(
            pl.col("is_new").cum_sum().over(episode).alias("attempt"),
            pl.col("order").shift(-1).over("case").fill_null(_NEVER).alias("again"),
        )
        .drop("is_new")
    )
    return events.join(tries, on=[*episode, "order"], how="left").with_columns(
        pl.col("at").min().over(episode).alias("first_refused_at")
    )


def _told(events: pl.DataFrame, answered: pl.DataFrame, deliveries: pl.DataFrame) -> pl.DataFrame:
    """What ended each refusal: whatever came first of accepted, refused again, no longer there."""
    answers = answered.select("ticket", "is_same", answer="order")
    found = events.join(answers, on="ticket", how="left")
    answer, accepted = pl.col("answer").fill_null(_NEVER), pl.col("accepted")
    again, gone = pl.col("again"), pl.col("gone")
    found = found.with_columns(pl.min_horizontal("accept", answer).alias("accepted"))
    ended = pl.min_horizontal(accepted, again, gone)
    status = (
        pl.when(ended == _NEVER)
        .then(pl.lit("open"))
        .when(ended == accepted)
        .then(pl.lit("corrected"))
        .when(ended == again)
        .then(pl.lit("superseded"))
        .otherwise(pl.lit("no_longer_sent"))
    )
    by_ticket = (answer <= pl.col("accept")) & pl.col("is_same").fill_null(value=False)
    is_same = by_ticket | (accepted // ORDERS == pl.col("order") // ORDERS)
    moments = deliveries.sort("stands").unique("order", keep="last")
    by_order = moments.select(ended="order", closed_at="at", closed_by_batch="batch_id")
    found = found.with_columns(status.alias("status"), ended.alias("ended"))
    more = ((pl.col("status") == "corrected") & ~is_same).cast(pl.Int64)
    return found.with_columns((pl.col("attempt") + more).alias("attempt")).join(
        by_order, on="ended", how="left"
    )


def _of_every_row(rows: pl.DataFrame, told: pl.DataFrame, answered: pl.DataFrame) -> pl.DataFrame:
    """Every refused row with what became of it when it was refused last.

    One that tells nothing of its own fares as its ticket.
    """
    last = told.sort("order").unique(["batch_id", "ticket"], keep="last")
    of_ticket = told.sort("order").unique("ticket", keep="last")
    found = rows.join(
        last.select("batch_id", "ticket", *_FACTS), on=["batch_id", "ticket"], how="left"
    ).join(of_ticket.select("ticket", *_FACTS), on="ticket", how="left", suffix="_of_ticket")
    is_answered = pl.col("ticket").is_in(answered["ticket"].to_list())
    status = (
        pl.when(pl.col("status").is_not_null())
        .then("status")
        .when(is_answered)
        .then(pl.lit("corrected"))
        .otherwise(pl.lit("superseded"))
    )
    facts = (pl.coalesce(name, f"{name}_of_ticket") for name in _FACTS[1:])
    return found.with_columns(status.alias("status"), *facts)


def _closed_by_hand(found: pl.DataFrame, closings: pl.DataFrame) -> pl.DataFrame:
    """A ticket that a person closed, unless something else had ended it before."""
    first = closings.group_by("ticket").agg(pl.col("closed_at").min().alias("by_hand"))
    found = found.join(first, on="ticket", how="left")
    ended_before = (pl.col("closed_at") <= pl.col("by_hand")).fill_null(value=False)
    closed = pl.col("by_hand").is_not_null() & (pl.col("status") != "superseded") & ~ended_before
    return found.with_columns(
        pl.when(closed).then(pl.lit("closed")).otherwise("status").alias("status"),
        pl.when(closed).then("by_hand").otherwise("closed_at").alias("closed_at"),
        pl.when(~closed).then("closed_by_batch").alias("closed_by_batch"),
    )
