"""What a sandbox knows of itself: its seed, its day, what is broken, and who serves it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from ioc_pipelines.durable import write_durably
from ioc_pipelines.sandbox.drift import Drift

Trouble = Literal[
    "down",
    "hang",
    "html",
    "truncated",
    "endless",
    "slow",
    "busy",
    "throttled",
    "error",
    "denied",
    "reset",
    "cut_gzip",
    "charset",
    "repeated",
    "overlapping",
    "shuffled",
    "clock",
]
FileTrouble = Literal["half", "old_file"]
Fault = Trouble | FileTrouble | Drift


class _Kept(BaseModel):
    """A small JSON file of the sandbox's folder, for its owner only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def path(cls, folder: Path) -> Path:
        """Where it is kept."""
        return folder / f"{cls.__name__.lower()}.json"

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """What is kept there, None when nothing is."""
        path = cls.path(folder)
        return cls.model_validate_json(path.read_bytes()) if path.is_file() else None

    def write(self, folder: Path) -> None:
        """Keep it, whole or not at all."""
        write_durably(self.path(folder), self.model_dump_json(indent=1).encode())
        self.path(folder).chmod(0o600)


class State(_Kept):
    """``pinned``: the day was chosen and stays until it is advanced; else it is today."""

    seed: int
    opened_on: date
    as_of: date
    pinned: bool


class Faults(_Kept):
    """What is broken: one fault a system."""

    broken: dict[str, Fault] = {}


class Running(_Kept):
    """The process that serves the sandbox, and the addresses it serves at."""

    pid: int
    port: int
    tarpit_port: int
    client_secret: str
    token: str
    database_urls: dict[str, str]
