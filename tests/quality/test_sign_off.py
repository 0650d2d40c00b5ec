"""Months of supply: who signed them off, what is missing (H57)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from contracts.base import VIETNAM
from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.quality.sign_off import SIGN_OFF_SCHEMA, sign_offs

SEPTEMBER, OCTOBER, NOVEMBER = (
    datetime(2026, month, 15, 2, tzinfo=VIETNAM) for month in (9, 10, 11)
)
NOW = datetime(2026, 11, 10, 9, tzinfo=VIETNAM)
MINUTE = timedelta(minutes=1)


def delivery(at: datetime, agency: str = "so_a", outcome: str = "accepted") -> dict[str, Any]:
    batch = None if outcome in ("unreadable", "no_news") else "b"
    return {"agency": agency, "started_at": as_text(at), "outcome": outcome, "batch_id": batch}


def signature(
    at: datetime, month: str, agency: str = "so_a", by: str = "Giám đốc"
) -> dict[str, Any]:
    return {"agency": agency, "month": month, "actor": by, "signed_at": as_text(at)}


def found(
    deliveries: list[dict[str, Any]],
    signed: list[dict[str, Any]] | None = None,
    now: datetime = NOW,
    due_days: int | None = 10,
) -> pl.DataFrame:
    kinds = {
        "agency": pl.String,
        "started_at": pl.String,
        "outcome": pl.String,
        "batch_id": pl.String,
    }
    names = [column.name for column in t.sign_off.c]
    rows = [{"sign_off_id": n, **row} for n, row in enumerate(signed or [])]
    frame = pl.DataFrame(rows, schema_overrides={"sign_off_id": pl.Int64})
    if not rows:
        frame = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    return sign_offs(pl.DataFrame(deliveries, schema=kinds), frame, {"so_a", "so_b"}, due_days, now)


def statuses(*arguments: Any, **options: Any) -> list[tuple[str, str]]:
    frame = found(*arguments, **options)
    assert frame.schema == SIGN_OFF_SCHEMA
    return frame.select("month", "status").rows()


def test_an_agency_answers_for_each_month_from_its_first_delivery_on() -> None:
    """Those in which nothing came too: that is what is to be noticed."""
    assert statuses([delivery(SEPTEMBER)]) == [
        ("2026-09", "missing"),
        ("2026-10", "open"),
        ("2026-11", "open"),
    ]


@pytest.mark.parametrize(
    ("day", "status"), [(date(2026, 11, 10), "open"), (date(2026, 11, 11), "missing")]
)
def test_the_tenth_day_after_the_month_is_the_last_to_sign(day: date, status: str) -> None:
    now = datetime(day.year, day.month, day.day, 0, 30, tzinfo=VIETNAM)
    frame = found([delivery(OCTOBER)], now=now)
    assert frame["month"][0] == "2026-10"
    assert (frame["status"][0], frame["due_on"][0]) == (status, date(2026, 11, 10))


def test_a_month_is_that_of_viet_nam() -> None:
    """Half past midnight of the first of November is still October in UTC."""
    first = datetime(2026, 11, 1, 0, 30, tzinfo=VIETNAM)
    assert statuses([delivery(first)]) == [("2026-11", "open")]


def test_a_sign_off_counts_for_what_had_come() -> None:
    signed = [signature(OCTOBER + MINUTE, "2026-10")]
    assert statuses([delivery(OCTOBER)], signed)[0] == ("2026-10", "signed")
    later = [delivery(OCTOBER), delivery(OCTOBER + 2 * MINUTE)]
    assert statuses(later, signed)[0] == ("2026-10", "outdated")
    again = [*signed, signature(OCTOBER + 3 * MINUTE, "2026-10", by="Phó Giám đốc")]
    frame = found(later, again)
    assert (frame["status"][0], frame["signed_by"][0]) == ("signed", "Phó Giám đốc")


@pytest.mark.parametrize("outcome", ["seen_before", "no_news", "unreadable", "source_unavailable"])
def test_what_brings_nothing_new_outdates_no_sign_off(outcome: str) -> None:
    signed = [signature(OCTOBER + MINUTE, "2026-10")]
    came = [delivery(OCTOBER), delivery(OCTOBER + 2 * MINUTE, outcome=outcome)]
    if outcome == "source_unavailable":
        came[1]["batch_id"] = None
    assert statuses(came, signed)[0] == ("2026-10", "signed")


def test_each_agency_and_month_has_its_own() -> None:
    signed = [signature(NOVEMBER, "2026-10", "so_b"), signature(NOVEMBER, "2026-11", "so_a")]
    came = [delivery(OCTOBER), delivery(OCTOBER, "so_b"), delivery(OCTOBER, "so_khac")]
    frame = found(came, signed, now=NOVEMBER)
    assert frame.select("agency", "month", "status").rows() == [
        ("so_a", "2026-10", "missing"),
        ("so_a", "2026-11", "signed"),
        ("so_b", "2026-10", "signed"),
        ("so_b", "2026-11", "open"),
    ]


def test_where_nobody_is_asked_nothing_is_missing() -> None:
    assert statuses([delivery(SEPTEMBER)], due_days=None) == []
    assert statuses([]) == []
