"""A small data root as a refresh leaves it, and the archive that it is backed up to."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from ioc_pipelines.connectors.fetched import SourceFile
from ioc_pipelines.home import Home
from ioc_pipelines.intake.landing import Landing
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.warehouse.backup.archive import Archive
from tests.ledger.delivering import A, deliver
from tests.warehouse.snapshot_files import put

KEY = "a key that only the test knows"
ROWS = 8
ACCEPTED = "accepted/test__x/batches/b1.parquet"


def small_home(root: Path) -> Home:
    """One delivery of one feed: landed, accepted with refused rows, published twice."""
    home = Home("hung_yen", root / "hung_yen")
    home.prepare()
    home.hash_key()
    ledger = Ledger(open_ledger(home.ledger_url))
    ref = deliver(ledger, A)
    sent = root / "sent.csv"
    sent.write_bytes(bytes(range(256)) * 40)
    landing = Landing(home.landing)
    landing.land(A.feed, ref.delivery_id, [SourceFile(name="thang-11.csv", path=sent)])
    landing.keep(A.feed, b"<html>503</html>")
    put_rows(home, ROWS)
    refused = home.quarantine / "test__x" / "b1" / "rows.parquet"
    refused.parent.mkdir(parents=True)
    pl.DataFrame({"Số tiền": ["mười"]}).write_parquet(refused)
    (home.reports / "feedback").mkdir(parents=True)
    (home.reports / "feedback" / "tom-tat.html").write_text("<p>Một dòng bị trả lại</p>")
    for number in (1, 2):
        snapshot = put(home, number)
        ledger.add_snapshot(
            **snapshot.model_dump(include={"snapshot_id", "run_id", "dbt_hash", "sha256", "bytes"}),
            built_at=snapshot.built_at.isoformat(),
        )
    return home


def put_rows(home: Home, count: int) -> None:
    """Accepted rows of the batch ``b1``."""
    buffer = io.BytesIO()
    pl.DataFrame({"amount": range(count)}).write_parquet(buffer)
    path = home.root / ACCEPTED
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # as write_durably does it: never in place
    path.write_bytes(buffer.getvalue())


def archive_beside(home: Home, key: str = KEY) -> Archive:
    return Archive(home.root.parent / "backups" / home.profile, key)


def contents(root: Path) -> dict[str, bytes]:
    """Every file that is backed up, byte by byte; the ledger is compared by its rows."""
    folders = ("landing", "accepted", "quarantine", "snapshots", "reports")
    paths = [p for f in folders for p in (root / f).rglob("*") if p.is_file()]
    found = {p.relative_to(root).as_posix(): p.read_bytes() for p in paths}
    return {**found, "hash.key": (root / "hash.key").read_bytes()}
