"""``ioc ledger`` as an operator uses it, and what a profile of production refuses without it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from ioc_pipelines.cli import app
from ioc_pipelines.home import DATABASE_URL, Home
from ioc_pipelines.ledger import tables
from ioc_pipelines.ledger.open import connect_ledger, migrations, open_ledger, writer
from ioc_pipelines.ledger.upgrades import UpgradeError
from ioc_pipelines.orchestration.deployment import Deployment
from tests.servers import postgres_database, schema_url

CONSENT = ("--approval", "45/QĐ-UBND", "--consented-by", "Chánh Văn phòng")
TOLD = ("--announced-on", "2026-11-27")
ROUND = {"round_id": "r", "reason": "họp", "run_id": "x", "opened_at": "", "deadline": ""}


def ioc(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["ledger", *arguments, "--profile", "open_data"])
    if isinstance(done.exception, UpgradeError):
        return 1, str(done.exception)
    return done.exit_code, done.stdout


@pytest.fixture
def old() -> Home:
    """A data root whose ledger is of an earlier version."""
    home = Home.of("open_data")
    home.prepare()
    engine = connect_ledger(home.ledger_url)
    with writer(engine).begin() as connection:
        alembic.command.upgrade(migrations(connection), "0008")
        connection.execute(sa.insert(tables.collection_round).values(ROUND))
    engine.dispose()
    return home


def shown() -> tuple[str, str, Sequence[dict[str, object]]]:
    code, out = ioc("show", "--json")
    assert code == 0
    told = json.loads(out)
    return told["engine"], told["revision"], told["releases"]


def test_an_upgrade_is_shown_with_its_consent_and_reverted(old: Home) -> None:
    assert shown() == ("sqlite", "0008", [])
    code, out = ioc("upgrade", *CONSENT, *TOLD)
    assert code == 0
    assert out.startswith("UPGRADED from 0008 to ")
    _, revision, (release,) = shown()
    assert revision == release["to_revision"] != "0008"
    assert release["approval_no"] == "45/QĐ-UBND"
    assert release["announced_on"] == "2026-11-27"
    assert ioc("upgrade", *CONSENT, *TOLD)[0] == 1
    code, out = ioc("revert", str(release["release_id"]))
    assert (code, out.split(":")[0]) == (0, "REVERTED to 0008")
    assert shown()[1] == "0008"


@pytest.mark.parametrize("left_out", [CONSENT[:2], CONSENT[2:], TOLD])
def test_an_upgrade_without_a_word_of_it_is_wrong_usage(old: Home, left_out: Sequence[str]) -> None:
    said = [word for word in (*CONSENT, *TOLD) if word not in left_out]
    assert ioc("upgrade", *said)[0] == 2
    assert shown()[1] == "0008"


def test_a_profile_of_production_migrates_nothing_by_itself(old: Home) -> None:
    deployment = Deployment.of("open_data")
    profile = deployment.catalog.profile.model_copy(update={"upgrade_consent": True})
    production = replace(deployment, catalog=replace(deployment.catalog, profile=profile))
    with pytest.raises(UpgradeError, match=r"at 0008, this version needs .*docs/upgrade\.md"):
        _ = production.ledger
    assert shown()[1] == "0008"
    _ = deployment.ledger
    assert shown()[1] != "0008"


def test_a_move_keeps_the_file_and_works_once(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home.of("open_data")
    home.prepare()
    assert ioc("move")[0] == 2  # nowhere to move to
    with open_ledger(home.ledger_url).begin() as connection:
        connection.execute(sa.insert(tables.collection_round).values(ROUND))
    with postgres_database() as url:
        monkeypatch.setenv(DATABASE_URL, url)
        code, out = ioc("move")
        assert (code, out.split(";")[0]) == (
            0,
            f"MOVED 1 rows of {len(tables.metadata.tables)} tables",
        )
        (kept,) = home.root.glob("ledger-moved-*.db")
        assert not (home.root / "ledger.db").exists()
        engine = sa.create_engine(schema_url(url, "open_data_ledger"))
        with engine.connect() as reading:
            assert reading.execute(sa.select(tables.collection_round.c.reason)).scalar() == "họp"
        engine.dispose()
        assert ioc("move")[0] == 2  # no file any more
        assert kept.exists()
