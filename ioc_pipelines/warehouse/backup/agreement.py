"""Whether ledger, accepted rows and landing of a backup are of one moment.

A refresh that goes on meanwhile could tear them apart; a backup so torn would restore to a home
that publishes other rows than its ledger says.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

import pyarrow.parquet as pq

from ioc_pipelines.home import table_name
from ioc_pipelines.ledger.copies import DamagedLedgerError, Standing, standing_of_copy
from ioc_pipelines.warehouse.backup.manifest import LEDGER, BackupError


def is_accepted(name: str) -> bool:
    """Whether a member holds accepted rows."""
    return name.startswith("accepted/") and name.endswith(".parquet")


def is_delivery(name: str) -> bool:
    """Whether a member says what a delivery landed."""
    return name.startswith("landing/") and PurePosixPath(name).parent.name == "deliveries"


def rows_in(path: Path, name: str) -> int:
    """Rows of a Parquet member, by its own footer. Raises BackupError when it has none."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, ValueError) as error:
        msg = f"{name} is no whole Parquet file; `ioc reprocess` writes it again"
        raise BackupError(msg) from error


def blobs_of(delivery: IO[bytes], name: str) -> set[str]:
    """The members that hold what a delivery landed."""
    blobs = PurePosixPath(name).parent.parent / "blobs"
    return {str(blobs / file["sha256"]) for file in json.load(delivery)["files"]}


def require_agreement(
    ledger: Path, accepted: Mapping[str, int], landed: Collection[str], members: Collection[str]
) -> None:
    """Raise BackupError unless ledger, accepted rows and landing say the same.

    ``accepted``: rows of each accepted member; ``landed``: members that deliveries name.
    """
    try:
        standing = standing_of_copy(ledger)
    except DamagedLedgerError as error:
        msg = f"the ledger of the backup cannot be used: {error}"
        raise BackupError(msg) from error
    for batch in standing:
        found = accepted.get(_file_of(batch), 0)
        if found != batch.rows_accepted:
            msg = (
                f"{_file_of(batch)} has {found} rows, {LEDGER} says {batch.rows_accepted}; "
                "`ioc reprocess` writes accepted rows again"
            )
            raise BackupError(msg)
    if gone := sorted(set(landed) - set(members)):
        msg = f"{gone[0]} was landed and is not there ({len(gone)} such files)"
        raise BackupError(msg)


def _file_of(batch: Standing) -> str:
    return f"accepted/{table_name(batch.dataset)}/batches/{batch.batch_id}.parquet"
