"""Complaints about published values, and the answers to them (H58)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer

Answer = Literal["accepted", "rejected"]


@dataclass(frozen=True)
class Supply:
    """A batch that a value was counted from, and who answers for it."""

    feed: str
    batch_id: str
    agency: str


@dataclass(frozen=True)
class Subject:
    """The published value that a complaint is about; ``value`` as it was published then."""

    indicator_code: str
    period_type: str
    period_start: str
    unit_id: str
    snapshot_id: str
    value: float | None


@dataclass(frozen=True)
class Complaint:
    """A complaint. ``text``, ``complainant`` and ``outcome`` may hold personal data: not shown
    but to who answers."""

    reference: str
    subject: Subject
    status: str
    opened_at: datetime
    opened_by: str
    due_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    supplies: tuple[Supply, ...]
    complainant: str
    text: str
    outcome: str | None

    @property
    def agencies(self) -> list[str]:
        """The agencies that supplied the value, in order of their codes."""
        return sorted({supply.agency for supply in self.supplies})


class Complaints:
    """The complaints of one profile."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._engine, self._writer = engine, writer(engine)

    def add(
        self,
        subject: Subject,
        supplies: Sequence[Supply],
        *,
        text: str,
        complainant: str,
        actor: str,
        now: datetime,
        due_at: datetime,
    ) -> str:
        """Write a complaint down; returns its reference. The actor is not authenticated."""
        reference = f"KN-{now.astimezone(UTC):%Y%m%d}-{uuid.uuid4().hex[:6]}"
        facts = {
            **vars(subject),
            "reference": reference,
            "status": "open",
            "opened_at": as_text(now),
            "opened_by": actor,
            "due_at": as_text(due_at),
            "is_authenticated": False,
        }
        private = {"reference": reference, "complainant": complainant, "text": text}
        with self._writer.begin() as connection:
            connection.execute(sa.insert(t.complaint).values(facts))
            connection.execute(
                sa.insert(t.complaint_feed), [{"reference": reference, **vars(s)} for s in supplies]
            )
            connection.execute(sa.insert(t.complaint_text).values(private))
        return reference

    def answer(
        self, reference: str, answer: Answer, *, outcome: str, actor: str, now: datetime
    ) -> bool:
        """Close an open complaint; False when there is no such open one."""
        closing = {"status": answer, "answered_at": as_text(now), "answered_by": actor}
        with self._writer.begin() as connection:
            done = connection.execute(
                sa.update(t.complaint)
                .where(t.complaint.c.reference == reference, t.complaint.c.status == "open")
                .values(closing)
            )
            if done.rowcount:
                connection.execute(
                    sa.update(t.complaint_text)
                    .where(t.complaint_text.c.reference == reference)
                    .values(outcome=outcome)
                )
        return bool(done.rowcount)

    def all(self) -> list[Complaint]:
        """Every complaint, the oldest first."""
        query = (
            sa.select(t.complaint, *(t.complaint_text.c[n] for n in _PRIVATE))
            .join(t.complaint_text, t.complaint_text.c.reference == t.complaint.c.reference)
            .order_by(t.complaint.c.opened_at, t.complaint.c.reference)
        )
        with self._engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
            feeds = list(connection.execute(sa.select(t.complaint_feed)).mappings())
        supplies: dict[str, list[Supply]] = {}
        for feed in feeds:
            supply = Supply(feed["feed"], feed["batch_id"], feed["agency"])
            supplies.setdefault(feed["reference"], []).append(supply)
        return [_complaint(row, supplies.get(row["reference"], [])) for row in rows]


_PRIVATE = ("complainant", "text", "outcome")


def _complaint(row: dict[str, Any], supplies: list[Supply]) -> Complaint:
    answered = row["answered_at"]
    return Complaint(
        reference=row["reference"],
        subject=Subject(**{name: row[name] for name in Subject.__dataclass_fields__}),
        status=row["status"],
        opened_at=datetime.fromisoformat(row["opened_at"]),
        opened_by=row["opened_by"],
        due_at=datetime.fromisoformat(row["due_at"]),
        answered_at=datetime.fromisoformat(answered) if answered else None,
        answered_by=row["answered_by"],
        supplies=tuple(supplies),
        **{name: row[name] for name in _PRIVATE},
    )
