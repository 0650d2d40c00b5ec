"""Reports that were issued (H14): once each, however often they are rendered again."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import writer


class Reports:
    """The issued reports of one profile. They are added to, never changed."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use an engine that ``open_ledger`` made."""
        self._writer = writer(engine)

    def record(
        self,
        report_id: str,
        *,
        kind: str,
        title_vi: str,
        period: str,
        snapshot_id: str,
        as_of: datetime,
        started_by: str,
        actor: str,
        figures: int,
        restatements: int,
        manifest_sha256: str,
        now: datetime,
    ) -> bool:
        """Write an issue down; False when it was issued before: nothing changes then."""
        known = sa.select(t.report.c.report_id).where(t.report.c.report_id == report_id)
        with self._writer.begin() as connection:
            if connection.execute(known).first():
                return False
            connection.execute(
                sa.insert(t.report).values(
                    report_id=report_id,
                    kind=kind,
                    title_vi=title_vi,
                    period=period,
                    snapshot_id=snapshot_id,
                    as_of=as_text(as_of),
                    started_by=started_by,
                    actor=actor,
                    figures=figures,
                    restatements=restatements,
                    manifest_sha256=manifest_sha256,
                    issued_at=as_text(now),
                )
            )
        return True
