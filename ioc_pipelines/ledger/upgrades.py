"""The ledger brought to another form, with a record before it and a way back (H70, L18, B31).

Where the profile asks for consent, nothing migrates by itself: ``ioc ledger upgrade`` writes down
who consented under which number and when those concerned were told, copies the ledger as it is,
and only then migrates.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import BaseModel

from ioc_pipelines.durable import write_durably
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import connect_ledger, migrations, writer

_RECORD, _COPY = "release.json", "ledger.db"


class UpgradeError(RuntimeError):
    """The ledger is not in the form that was expected; the message says what to do."""


class Release(BaseModel):
    """What was consented to, by whom, and what it did: one file that is written before it."""

    release_id: str
    from_revision: str
    to_revision: str
    approval_no: str
    consented_by: str
    announced_on: date
    actor: str
    recorded_at: str
    migrated_at: str | None = None
    reverted_at: str | None = None


def revisions(engine: sa.Engine) -> tuple[str | None, str]:
    """The form that the ledger has, None of one that is not there yet, and the newest there is."""
    with engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
        newest = ScriptDirectory.from_config(migrations(connection)).get_current_head()
    if newest is None:
        msg = "no migrations are installed"
        raise UpgradeError(msg)
    return now, newest


def require_newest(url: str) -> None:
    """Raise UpgradeError where a ledger is there that would be migrated by being opened."""
    engine = connect_ledger(url)
    now, newest = revisions(engine)
    engine.dispose()
    if now is not None and now != newest:
        msg = (
            f"the ledger is at {now}, this version needs {newest}: an upgrade that needs consent. "
            "Take a backup, then `ioc ledger upgrade` (docs/upgrade.md)"
        )
        raise UpgradeError(msg)


def upgrade(
    url: str,
    folder: Path,
    *,
    approval_no: str,
    consented_by: str,
    announced_on: date,
    actor: str,
    now: datetime,
) -> Release:
    """Record, copy, migrate to the newest form. ``folder`` keeps records and copies.

    Raises UpgradeError without consent or announcement, and when there is nothing to do; whatever a
    migration raises leaves the ledger as it was.
    """
    if announced_on > now.date():
        msg = f"announced on {announced_on}, which is still to come: users are told before"
        raise UpgradeError(msg)
    if not approval_no.strip() or not consented_by.strip():
        msg = "an upgrade needs the number of its approval and who consented"
        raise UpgradeError(msg)
    engine = connect_ledger(url)
    found, newest = revisions(engine)
    if found is None or found == newest:
        msg = f"nothing to upgrade: the ledger is at {found or 'no form yet'}, the newest {newest}"
        raise UpgradeError(msg)
    release = Release(
        release_id=f"{now:%Y%m%dT%H%M%S}-{found}-{newest}",
        from_revision=found,
        to_revision=newest,
        approval_no=approval_no,
        consented_by=consented_by,
        announced_on=announced_on,
        actor=actor,
        recorded_at=as_text(now),
    )
    place = folder / release.release_id
    place.mkdir(parents=True, mode=0o700)
    _write(folder, release)
    copy_as_it_is(engine, place / _COPY)
    with writer(engine).begin() as connection:
        command.upgrade(migrations(connection), newest)
    engine.dispose()
    return _write(folder, release.model_copy(update={"migrated_at": as_text(now)}))


def revert(url: str, folder: Path, release_id: str, *, now: datetime) -> Release:
    """The way back: the form before a release, with what was written since where it has a place.

    Tables and columns that the release added go with what is in them. Raises UpgradeError.
    """
    found = {release.release_id: release for release in releases(folder)}
    if release_id not in found:
        msg = f"no release '{release_id}'; there are: {', '.join(found) or 'none'}"
        raise UpgradeError(msg)
    release, engine = found[release_id], connect_ledger(url)
    standing, _ = revisions(engine)
    if standing != release.to_revision:
        msg = f"the ledger is at {standing}, not at {release.to_revision}: revert the newest first"
        raise UpgradeError(msg)
    with writer(engine).begin() as connection:
        command.downgrade(migrations(connection), release.from_revision)
    engine.dispose()
    return _write(folder, release.model_copy(update={"reverted_at": as_text(now)}))


def releases(folder: Path) -> list[Release]:
    """The records, the oldest first."""
    return [
        Release.model_validate_json(path.read_bytes())
        for path in sorted(folder.glob(f"*/{_RECORD}"))
    ]


def copy_as_it_is(engine: sa.Engine, target: Path) -> None:
    """The ledger in whatever form it has, as one SQLite file, of one moment."""
    if engine.dialect.name == "sqlite":
        with (
            closing(sqlite3.connect(str(engine.url.database))) as ours,
            closing(sqlite3.connect(target)) as copy,
        ):
            ours.backup(copy)
        return
    copy_engine = sa.create_engine(f"sqlite:///{target}")
    consistent = engine.execution_options(isolation_level="REPEATABLE READ")
    with consistent.connect() as reading, copy_engine.begin() as writing:
        found = sa.MetaData()
        found.reflect(reading)
        for table in found.sorted_tables:
            for column in table.columns:
                column.server_default = None  # a sequence of the server
                if isinstance(column.type, sa.JSON):
                    column.type = sa.JSON(none_as_null=True)
        found.create_all(writing)
        for table in found.sorted_tables:
            for rows in reading.execute(sa.select(table)).mappings().partitions(10_000):
                writing.execute(sa.insert(table), [dict(row) for row in rows])
    copy_engine.dispose()


def _write(folder: Path, release: Release) -> Release:
    content = release.model_dump_json(indent=1).encode()
    write_durably(folder / release.release_id / _RECORD, content)
    return release
