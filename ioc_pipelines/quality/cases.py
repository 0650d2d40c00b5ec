"""What became of each refused row: open, corrected, superseded, no longer sent, closed.

Nothing is kept of it: it follows from what was delivered, in order. A row that comes again with
the same business key is the same case; one without a whole key is known by its content, which is
its ticket. A ticket that came back and was accepted is corrected, whatever its key is now and
however often the source sends the old row again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import polars as pl

from contracts.base import KEY_UNIQUE, VIETNAM

Status = Literal["open", "corrected", "superseded", "no_longer_sent", "closed", "held_with_batch"]

_MOMENT = pl.Datetime("us", "UTC")
CASE_SCHEMA = pl.Schema(
    {  # type: ignore[arg-type]
        "batch_id": pl.String,
        "feed": pl.String,
        "ticket": pl.String,
        "status": pl.String,
        "attempt": pl.Int64,
        "first_refused_at": _MOMENT,
        "closed_at": _MOMENT,
        "closed_by_batch": pl.String,
        "due_at": _MOMENT,
        "is_overdue": pl.Boolean,
    }
)
DELIVERY_SCHEMA = pl.Schema(
    {  # type: ignore[arg-type]
        "feed": pl.String,
        "batch_id": pl.String,
        "order": pl.Int64,
        "at": _MOMENT,
        "stands": pl.Boolean,
        "is_full": pl.Boolean,
    }
)
_CASE = ["feed", "case"]
_FACTS = ["status", "attempt", "first_refused_at", "closed_at", "closed_by_batch"]


@dataclass(frozen=True)
class Limits:
    """Calendar days to mend a row in; ``conflict_days`` where two rows contradict each other."""

    fix_days: int
    conflict_days: int


@dataclass(frozen=True)
class Happened:
    """What cases follow from.

    ``deliveries``: ``DELIVERY_SCHEMA``, one row per delivery and batch it was judged as; ``order``
    is twice the delivery's number, plus one for the judgement that counts; ``stands``: its accepted
    rows are in; ``is_full``: what it does not have, the source no longer sends. ``refused``: as
    published of refused rows. ``accepted``: ``batch_id, feed, key_hash``. ``answers``: the tickets
    that came back. ``closings``: ``ticket, closed_at``.
    """

    deliveries: pl.DataFrame
    refused: pl.DataFrame
    accepted: pl.DataFrame
    answers: pl.DataFrame
    closings: pl.DataFrame


def cases(happened: Happened, limits: Limits | None, now: datetime) -> pl.DataFrame:
    """One row per refused row of each batch: ``CASE_SCHEMA``.

    Rows that are held back only because their whole batch is have no case: the batch waits.
    """
    rows = _rows(happened.refused)
    links = _links(rows, happened)
    rows = _mapped(rows, links)
    accepts, answered = _accepts(rows, links, happened)
    known = answered.select("feed", "ticket", pl.col("order").alias("answered"))
    events = (
        rows.join(happened.deliveries, on=["feed", "batch_id"])
        .join(known, on=["feed", "ticket"], how="left")
        .filter(~(pl.col("order") > pl.col("answered")).fill_null(value=False))
    )
    events = _counted(_in_episodes(events, accepts))
    fulls = happened.deliveries.filter(pl.col("stands") & pl.col("is_full"))
    told = _told(events, accepts, answered, fulls)
    found = _of_every_row(rows, told, answered)
    return _dated(_closed_by_hand(found, happened.closings), limits, now)


def _rows(refused: pl.DataFrame) -> pl.DataFrame:
    """One row per refused row with a case: the ``case`` it belongs to as far as it shows itself."""
    ticket = pl.coalesce("ticket", pl.format("K{}", pl.col("key_hash").str.slice(0, 15)))
    return (
        refused.filter(~pl.col("is_held_back").fill_null(value=False))
        .with_columns(ticket.alias("ticket"), pl.col("has_key").fill_null(value=True))
        .group_by("feed", "batch_id", "ticket")
        .agg(
            pl.when("has_key").then("key_hash").otherwise("ticket").first().alias("case"),
            (pl.col("rule") == KEY_UNIQUE).any().alias("is_conflict"),
        )
    )


def _links(rows: pl.DataFrame, happened: Happened) -> dict[tuple[str, str], str]:
    """Cases that go on under another key, because a ticket came back with its key corrected.

    There are as many as officers changed keys by hand, so a loop is fast enough.
    """
    of_ticket = rows.select("feed", "ticket", pl.col("case").alias("old")).unique(
        ["feed", "ticket"]
    )
    new = pl.when("has_key").then("key_hash").otherwise("new_ticket")
    changed = (
        happened.answers.with_columns(new.alias("new"))
        .join(happened.deliveries, on=["feed", "batch_id"])
        .join(of_ticket, on=["feed", "ticket"])
        .filter(pl.col("old") != pl.col("new"), ~pl.col("is_accepted"))
        .sort("order", "ticket")
    )
    links: dict[tuple[str, str], str] = {}
    for feed, old, then in changed.select("feed", "old", "new").iter_rows():
        root = _root(links, feed, old)
        if _root(links, feed, then) != root:
            links[feed, _root(links, feed, then)] = root
    return {(feed, case): _root(links, feed, case) for feed, case in links}


def _root(links: Mapping[tuple[str, str], str], feed: str, case: str) -> str:
    while (feed, case) in links:
        case = links[feed, case]
    return case


def _mapped(frame: pl.DataFrame, links: Mapping[tuple[str, str], str]) -> pl.DataFrame:
    """The frame with each ``case`` under the name that it began with."""
    if not links:
        return frame
    known = pl.DataFrame(
        [(feed, case, root) for (feed, case), root in links.items()],
        schema={"feed": pl.String, "case": pl.String, "root": pl.String},
        orient="row",
    )
    joined = frame.join(known, on=_CASE, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("root", "case").alias("case")).drop("root")


def _accepts(
    rows: pl.DataFrame, links: Mapping[tuple[str, str], str], happened: Happened
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """When a case was accepted: by its key, or by its ticket. The second by ``feed, ticket``."""
    columns = ["feed", "case", "order", "at", "batch_id"]
    standing = happened.deliveries.filter("stands")
    by_key = _mapped(
        happened.accepted.rename({"key_hash": "case"}).join(standing, on=["feed", "batch_id"]),
        links,
    )
    answered = (
        happened.answers.filter("is_accepted")
        .join(standing, on=["feed", "batch_id"])
        .sort("order")
        .unique(["feed", "ticket"], keep="first", maintain_order=True)
        .with_columns((pl.col("ticket") == pl.col("new_ticket")).alias("is_same"))
    )
    by_ticket = answered.join(
        rows.select("feed", "ticket", "case").unique(["feed", "ticket"]), on=["feed", "ticket"]
    )
    both = pl.concat([by_key.select(columns), by_ticket.select(columns)])
    accepts = both.sort("order").unique(["feed", "case", "order"], keep="first")
    return accepts.sort("order"), answered


def _in_episodes(events: pl.DataFrame, accepts: pl.DataFrame) -> pl.DataFrame:
    """The refusals with ``episode``: a case that was in and is refused again begins anew."""
    before = accepts.select(*_CASE, "order", pl.col("order").alias("episode"))
    joined = events.sort("order").join_asof(
        before, on="order", by=_CASE, allow_exact_matches=False, check_sortedness=False
    )
    return joined.with_columns(pl.col("episode").fill_null(-1))


def _counted(events: pl.DataFrame) -> pl.DataFrame:
    """With ``first_refused_at`` and ``attempt``: which of the contents sent so far it is."""
    episode = [*_CASE, "episode"]
    is_new = pl.col("order") == pl.col("order").min().over([*episode, "ticket"])
    tries = (
        events.with_columns(is_new.alias("is_new"))
        .group_by([*episode, "order"])
        .agg(pl.col("is_new").any().cast(pl.Int64))
        .sort("order")
        .with_columns(pl.col("is_new").cum_sum().over(episode).alias("attempt"))
        .drop("is_new")
    )
    return events.join(tries, on=[*episode, "order"], how="left").with_columns(
        pl.col("at").min().over(episode).alias("first_refused_at")
    )


def _told(
    events: pl.DataFrame, accepts: pl.DataFrame, answered: pl.DataFrame, fulls: pl.DataFrame
) -> pl.DataFrame:
    """What ended each refusal: whatever came first of accepted, refused again, no longer there."""
    refusals = events.unique(["feed", "case", "order"], keep="any").sort("order")
    found = events.sort("order")
    for name, after, by in (
        ("accept", accepts, _CASE),
        ("again", refusals, _CASE),
        ("gone", fulls.sort("order"), ["feed"]),
    ):
        found = _next(found, after, by, name)
    answers = answered.select(
        "feed",
        "ticket",
        pl.col("order").alias("answer_order"),
        pl.col("at").alias("answer_at"),
        pl.col("batch_id").alias("answer_batch_id"),
        "is_same",
    )
    found = found.join(answers, on=["feed", "ticket"], how="left")
    never = 2**62
    accept, answer, again, gone = (
        pl.col(f"{name}_order").fill_null(never) for name in ("accept", "answer", "again", "gone")
    )
    by_ticket = answer <= accept
    accepted = pl.min_horizontal(accept, answer)
    status = (
        pl.when((accepted < never) & (accepted <= again) & (accepted <= gone))
        .then(pl.lit("corrected"))
        .when((again < never) & (again <= gone))
        .then(pl.lit("superseded"))
        .when(gone < never)
        .then(pl.lit("no_longer_sent"))
        .otherwise(pl.lit("open"))
    )
    is_same_content = (by_ticket & pl.col("is_same").fill_null(value=False)) | (
        accepted // 2 == pl.col("order") // 2
    )
    found = found.with_columns(status.alias("status"), by_ticket.alias("by_ticket")).with_columns(
        _of("at"),
        _of("batch_id").alias("closed_by_batch"),
        pl.when((pl.col("status") == "corrected") & ~is_same_content)
        .then(pl.col("attempt") + 1)
        .otherwise("attempt")
        .alias("attempt"),
    )
    return found.rename({"at": "closed_at"})


def _next(found: pl.DataFrame, after: pl.DataFrame, by: list[str], name: str) -> pl.DataFrame:
    """The next of ``after`` behind each event: its ``order, at, batch_id`` under ``name``."""
    facts = [pl.col(fact).alias(f"{name}_{fact}") for fact in ("order", "at", "batch_id")]
    return found.join_asof(
        after.select(*by, "order", *facts),
        on="order",
        by=by,
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
    )


def _of(fact: str) -> pl.Expr:
    """A fact of whatever ended the refusal."""
    accepted = pl.when("by_ticket").then(f"answer_{fact}").otherwise(f"accept_{fact}")
    return (
        pl.when(pl.col("status") == "corrected")
        .then(accepted)
        .when(pl.col("status") == "superseded")
        .then(f"again_{fact}")
        .when(pl.col("status") == "no_longer_sent")
        .then(f"gone_{fact}")
        .alias(fact)
    )


def _of_every_row(rows: pl.DataFrame, told: pl.DataFrame, answered: pl.DataFrame) -> pl.DataFrame:
    """Every refused row with what became of it when it was refused last.

    One that came again after its ticket was answered fares as that ticket.
    """
    last = told.sort("order").unique(["feed", "batch_id", "ticket"], keep="last")
    of_ticket = told.sort("order").unique(["feed", "ticket"], keep="last")
    found = rows.join(
        last.select("feed", "batch_id", "ticket", *_FACTS),
        on=["feed", "batch_id", "ticket"],
        how="left",
    ).join(
        of_ticket.select("feed", "ticket", *_FACTS),
        on=["feed", "ticket"],
        how="left",
        suffix="_of_ticket",
    )
    is_known = found["status"].is_not_null()
    found = found.with_columns(pl.coalesce(name, f"{name}_of_ticket") for name in _FACTS)
    is_answered = answered.select("feed", "ticket", pl.lit(value=True).alias("is_answered"))
    found = found.with_columns(is_known.alias("is_known")).join(
        is_answered, on=["feed", "ticket"], how="left"
    )
    status = (
        pl.when("is_known")
        .then("status")
        .when(pl.col("is_answered").fill_null(value=False))
        .then(pl.lit("corrected"))
        .otherwise(pl.lit("superseded"))
    )
    return found.with_columns(status.alias("status"))


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


def _dated(found: pl.DataFrame, limits: Limits | None, now: datetime) -> pl.DataFrame:
    """With ``due_at``, the end of a day in Viet Nam, and whether an open case is behind it."""
    due = pl.lit(None, _MOMENT)
    if limits is not None:
        days = pl.when("is_conflict").then(limits.conflict_days).otherwise(limits.fix_days)
        day = pl.col("first_refused_at").dt.convert_time_zone(str(VIETNAM)).dt.truncate("1d")
        last = day.dt.offset_by(pl.format("{}d", days + 1)).dt.offset_by("-1s")
        due = last.dt.convert_time_zone("UTC")
    moment = pl.lit(now.astimezone(UTC), _MOMENT)
    overdue = (pl.col("status") == "open") & (pl.col("due_at") < moment).fill_null(value=False)
    return (
        found.with_columns(due.alias("due_at"))
        .with_columns(overdue.alias("is_overdue"))
        .select(CASE_SCHEMA.names())
        .cast(dict(CASE_SCHEMA))  # type: ignore[arg-type]
        .sort("feed", "batch_id", "ticket")
    )
