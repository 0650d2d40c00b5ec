"""Where the rows of one profile are: accepted or in quarantine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from contracts.base import Contract
from ioc_pipelines.warehouse.accepted import Accepted
from ioc_pipelines.warehouse.key_hashes import KeyHashes
from ioc_pipelines.warehouse.quarantine import Quarantine


class Rows:
    """The accepted and quarantine areas of one profile."""

    def __init__(self, accepted: Path, quarantine: Path, hash_key: bytes) -> None:
        """Use the two folders; ``hash_key`` keys the hashes of business keys."""
        self.hashes = KeyHashes(hash_key)
        self.accepted = Accepted(accepted, self.hashes)
        self.quarantine = Quarantine(quarantine, self.hashes)

    def prepare(self, contracts: Iterable[type[Contract]]) -> None:
        """Empty files, so that there is always one to read of each dataset and of refusals."""
        self.accepted.prepare(contracts)
        self.quarantine.prepare()
