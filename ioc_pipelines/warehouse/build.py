"""Prepare the private build: a fresh file, the exported ledger, the variables dbt needs."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from ioc_pipelines.durable import write_durably
from ioc_pipelines.home import DBT_PROJECT, Home
from ioc_pipelines.ledger.store import Ledger

LEDGER_EXPORTS = (
    "acceptance",
    "batch",
    "collection_round",
    "collection_round_feed",
    "delivery",
    "score",
    "snapshot",
)
PUBLISHED_FILE = "ioc.duckdb"
ACCEPTED_MARK = "accepted.json"


def dbt_environment(home: Home) -> dict[str, str]:
    """Environment variables that the dbt project reads its paths from."""
    return {
        "IOC_BUILD": str(home.build),
        "IOC_ACCEPTED": str(home.accepted),
        "IOC_QUARANTINE": str(home.quarantine),
    }


def start_build(home: Home, ledger: Ledger) -> None:
    """Begin with empty build files: everything in them is made anew from accepted rows."""
    exports = home.build / "ledger"
    exports.mkdir(parents=True, exist_ok=True)
    for stale in [*home.build.glob("*.duckdb*"), *home.build.glob(ACCEPTED_MARK)]:
        stale.unlink()
    for name in LEDGER_EXPORTS:
        buffer = io.BytesIO()
        ledger.table(name).write_parquet(buffer)
        write_durably(exports / f"{name}.parquet", buffer.getvalue())


def dbt_hash(project: Path = DBT_PROJECT) -> str:
    """Hash of the dbt project's own files: which logic a snapshot was built by."""
    digest = hashlib.sha256()
    for path in sorted(project.rglob("*")):
        if path.suffix in {".sql", ".yml", ".csv"} and "target" not in path.parts:
            digest.update(path.relative_to(project).as_posix().encode() + b"\x00")
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
