"""An upgrade is recorded before it happens, keeps a copy, and has a way back with the data."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import alembic.command
import alembic.op
import pytest
import sqlalchemy as sa

from ioc_pipelines.ledger import tables
from ioc_pipelines.ledger.open import connect_ledger, migrations, open_ledger, writer
from ioc_pipelines.ledger.upgrades import (
    Release,
    UpgradeError,
    copy_as_it_is,
    releases,
    require_newest,
    revert,
    revisions,
    upgrade,
)
from tests.servers import postgres_database, schema_url

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
OLD = "0008"
CONSENT: dict[str, Any] = {
    "approval_no": "45/QĐ-UBND",
    "consented_by": "Chánh Văn phòng",
    "announced_on": date(2026, 11, 27),
    "actor": "ky-su",
}
SNAPSHOT = {
    "snapshot_id": "s1",
    "built_at": "2026-11-20T19:00:00+00:00",
    "published_at": None,
    "run_id": "r",
    "dbt_hash": "h",
    "sha256": "x",
    "bytes": 1,
}
DELIVERY = {
    "delivery_id": "d1",
    "kind": "fetch",
    "feed": "so_a/test.x",
    "agency": "so_a",
    "dataset": "test.x",
    "started_at": "2026-11-20T19:00:00+00:00",
    "outcome": "accepted",
    "arrived": True,
    "detail": {"rows": 1, "ghi chú": "đủ"},
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
    else:
        with postgres_database() as database:
            yield schema_url(database, "hung_yen_ledger")


@pytest.fixture
def old(url: str) -> str:
    """A ledger of an earlier version with something in it."""
    engine = connect_ledger(url)
    with writer(engine).begin() as connection:
        alembic.command.upgrade(migrations(connection), OLD)
        connection.execute(sa.insert(tables.snapshot).values(SNAPSHOT))
        connection.execute(sa.insert(tables.delivery).values(DELIVERY))
    engine.dispose()
    return url


def held(url: str) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    engine = connect_ledger(url)
    with engine.connect() as connection:
        found = [
            [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in (tables.snapshot, tables.delivery)
        ]
    engine.dispose()
    return found[0], found[1]


def form(url: str) -> str | None:
    engine = connect_ledger(url)
    now, _ = revisions(engine)
    engine.dispose()
    return now


def newest() -> str:
    engine = connect_ledger("sqlite://")
    return revisions(engine)[1]


def test_an_upgrade_keeps_a_record_a_copy_and_the_data(old: str, tmp_path: Path) -> None:
    before = held(old)
    done = upgrade(old, tmp_path / "releases", **CONSENT, now=NOW)
    assert (done.from_revision, done.to_revision, form(old)) == (OLD, newest(), newest())
    assert held(old) == before
    (kept,) = releases(tmp_path / "releases")
    assert kept == done
    assert (kept.approval_no, kept.consented_by) == ("45/QĐ-UBND", "Chánh Văn phòng")
    place = tmp_path / "releases" / done.release_id
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    copy = f"sqlite:///{place / 'ledger.db'}"
    assert form(copy) == OLD
    assert held(copy) == before


def test_the_way_back_leads_to_the_form_before_with_the_data(old: str, tmp_path: Path) -> None:
    folder, before = tmp_path / "releases", held(old)
    done = upgrade(old, folder, **CONSENT, now=NOW)
    later = {**SNAPSHOT, "snapshot_id": "s2"}
    engine = connect_ledger(old)
    with writer(engine).begin() as connection:
        connection.execute(sa.insert(tables.snapshot).values(later))
    back = revert(old, folder, done.release_id, now=NOW)
    assert back.reverted_at
    assert form(old) == OLD
    assert held(old) == ([*before[0], later], before[1])
    again = upgrade(old, folder, **CONSENT, now=NOW.replace(hour=16))
    assert form(old) == again.to_revision
    assert [bool(one.reverted_at) for one in releases(folder)] == [True, False]


def test_the_record_is_there_before_the_ledger_changes(
    old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Release] = []

    def die(*_: object, **__: object) -> None:
        seen.extend(releases(tmp_path / "releases"))
        raise OSError("disk full")

    before = held(old)
    with monkeypatch.context() as patch:
        patch.setattr(alembic.op, "create_table", die)
        with pytest.raises(OSError, match="disk full"):
            upgrade(old, tmp_path / "releases", **CONSENT, now=NOW)
    assert [(one.approval_no, one.migrated_at) for one in seen] == [("45/QĐ-UBND", None)]
    assert form(old) == OLD
    assert held(old) == before
    (unfinished,) = releases(tmp_path / "releases")
    assert unfinished.migrated_at is None


@pytest.mark.parametrize("missing", ["approval_no", "consented_by"])
def test_without_consent_nothing_happens(old: str, tmp_path: Path, missing: str) -> None:
    with pytest.raises(UpgradeError, match="approval and who consented"):
        upgrade(old, tmp_path / "releases", **{**CONSENT, missing: " "}, now=NOW)
    assert form(old) == OLD
    assert not (tmp_path / "releases").exists()


def test_users_are_told_before_and_not_afterwards(old: str, tmp_path: Path) -> None:
    consent = {**CONSENT, "announced_on": date(2026, 12, 2)}
    with pytest.raises(UpgradeError, match="2026-12-02, which is still to come"):
        upgrade(old, tmp_path / "releases", **consent, now=NOW)
    assert form(old) == OLD


def test_an_older_ledger_is_refused_where_consent_is_needed(old: str, tmp_path: Path) -> None:
    with pytest.raises(UpgradeError, match=f"at {OLD}, this version needs {newest()}"):
        require_newest(old)
    assert form(old) == OLD
    upgrade(old, tmp_path / "releases", **CONSENT, now=NOW)
    require_newest(old)


def test_a_new_ledger_needs_no_consent(url: str, tmp_path: Path) -> None:
    require_newest(url)
    open_ledger(url).dispose()
    with pytest.raises(UpgradeError, match="nothing to upgrade"):
        upgrade(url, tmp_path / "releases", **CONSENT, now=NOW)


def test_only_the_newest_release_is_reverted(old: str, tmp_path: Path) -> None:
    folder = tmp_path / "releases"
    with pytest.raises(UpgradeError, match="no release 'x'; there are: none"):
        revert(old, folder, "x", now=NOW)
    done = upgrade(old, folder, **CONSENT, now=NOW)
    revert(old, folder, done.release_id, now=NOW)
    with pytest.raises(UpgradeError, match="revert the newest first"):
        revert(old, folder, done.release_id, now=NOW)


def test_a_copy_of_any_form_opens_and_says_the_same(old: str, tmp_path: Path) -> None:
    engine = connect_ledger(old)
    copy_as_it_is(engine, tmp_path / "copy.db")
    engine.dispose()
    copy = f"sqlite:///{tmp_path / 'copy.db'}"
    assert held(copy) == held(old)
    assert set(sa.inspect(open_ledger(copy)).get_table_names()) == {
        *tables.metadata.tables,
        "alembic_version",
    }
