"""Which refused rows a row was before its officers corrected it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl


def lineages(answers: pl.DataFrame, tickets: Iterable[str]) -> pl.DataFrame:
    """``ticket, was``: each of the tickets with itself and all that it came from.

    ``answers``: ``ticket, new_ticket`` of the packs that came back. There are as many as officers
    left wrong by hand, so a loop is fast enough.
    """
    links: dict[str, list[str]] = {}
    for old, new in answers.select("ticket", "new_ticket").unique().sort("ticket").iter_rows():
        links.setdefault(new, []).append(old)
    rows = [(ticket, was) for ticket in tickets for was in _before(links, ticket)]
    return pl.DataFrame(rows, schema={"ticket": pl.String, "was": pl.String}, orient="row")


def _before(links: Mapping[str, list[str]], ticket: str) -> list[str]:
    """The ticket and all before it; a value that was wrong twice leads in a circle."""
    found, seen = [ticket], {ticket}
    for known in found:
        more = [old for old in links.get(known, []) if old not in seen]
        found += more
        seen.update(more)
    return found
