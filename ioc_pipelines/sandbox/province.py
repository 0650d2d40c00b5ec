"""Build the whole sandbox: every simulated agency system of the province and the answer key."""

from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Protocol

import polars as pl

from ioc_pipelines.sandbox import systems
from ioc_pipelines.sandbox.answer_key import AnswerKey, FeedKey
from ioc_pipelines.sandbox.state import Faults, State
from ioc_pipelines.sandbox.world import World


class System(Protocol):
    """A module of ``systems``."""

    FEED: str

    def write(self, root: Path, world: World) -> FeedKey:
        """Write what the system holds, return the answers."""
        ...


def all_systems() -> Iterator[System]:
    """The modules of ``systems``, by name."""
    for module in pkgutil.iter_modules(systems.__path__):
        yield importlib.import_module(f"{systems.__name__}.{module.name}")


def build(
    folder: Path,
    communes: pl.DataFrame,
    *,
    as_of: date,
    seed: int = 33,
    pinned: bool = True,
    replace: bool = False,
) -> AnswerKey:
    """Write the sandbox as it stands at the start of ``as_of`` to ``folder``; return the answers.

    ``communes`` has text columns ``code, name, full_name``, one row per commune. The same
    arguments write the same data. A half-built sandbox never shows at ``folder``.
    Raises FileExistsError when ``folder`` exists and ``replace`` is not set, ValueError when the
    communes are unfit.
    """
    if folder.exists() and not replace:
        raise FileExistsError(folder)
    world = World(_checked(communes), seed, opened_on=as_of, as_of=as_of)
    draft = _beside(folder, "building")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        answers = _write(draft, world, pinned)
        Faults().write(draft)
        _put_in_place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return answers


def advance(folder: Path, communes: pl.DataFrame, *, to: date, pinned: bool = True) -> AnswerKey:
    """Let time go on to the start of ``to``; return the answers of that day.

    Files and tables that stay the same are left alone; each other is replaced whole.
    Raises FileNotFoundError when there is no sandbox, ValueError when ``to`` is earlier than it is.
    """
    state = State.read(folder)
    if state is None:
        raise FileNotFoundError(folder)
    if to < state.as_of:
        msg = f"the sandbox is at {state.as_of}, and time does not go back to {to}"
        raise ValueError(msg)
    return _write(folder, World(_checked(communes), state.seed, state.opened_on, to), pinned)


def _write(root: Path, world: World, pinned: bool) -> AnswerKey:
    feeds = {system.FEED: system.write(root, world) for system in all_systems()}
    answers = AnswerKey(as_of=world.as_of, seed=world.seed, feeds=feeds)
    answers.write(root)
    state = State(seed=world.seed, opened_on=world.opened_on, as_of=world.as_of, pinned=pinned)
    state.write(root)
    return answers


def _checked(communes: pl.DataFrame) -> pl.DataFrame:
    """The communes by code, as NFC text."""
    if missing := {"code", "name", "full_name"} - set(communes.columns):
        msg = f"communes lack {', '.join(sorted(missing))}"
        raise ValueError(msg)
    units = communes.select(pl.col("code", "name", "full_name").str.normalize("NFC")).sort("code")
    if units.is_empty() or units["code"].is_duplicated().any() or units["code"].has_nulls():
        msg = "communes need one row per code"
        raise ValueError(msg)
    return units


def _put_in_place(draft: Path, folder: Path) -> None:
    """Rename ``draft`` to ``folder``; what was there comes back if that fails."""
    if not folder.exists():
        draft.rename(folder)
        return
    old = _beside(folder, "old")
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
    try:
        draft.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old)


def _beside(folder: Path, purpose: str) -> Path:
    return folder.with_name(f".{folder.name}.{purpose}-{os.getpid()}")
