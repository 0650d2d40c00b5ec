"""Build the whole sandbox: every simulated agency system of the province and the answer key."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import polars as pl

from ioc_pipelines.sandbox import budget_drop, disease_drop, dossier_database
from ioc_pipelines.sandbox.answer_key import AnswerKey

SYSTEMS = (budget_drop, disease_drop, dossier_database)


def build(
    folder: Path, communes: pl.DataFrame, *, as_of: date, seed: int = 33, replace: bool = False
) -> AnswerKey:
    """Write the sandbox as it stands at the start of ``as_of`` to ``folder``; return the answers.

    ``communes`` has text columns ``code, name, full_name``, one row per commune. The same
    arguments write the same data. A half-built sandbox never shows at ``folder``.
    Raises FileExistsError when ``folder`` exists and ``replace`` is not set, ValueError when the
    communes are unfit or too few to plant the defects among.
    """
    if folder.exists() and not replace:
        raise FileExistsError(folder)
    units = _checked(communes)
    draft = _beside(folder, "building")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        feeds = {
            system.FEED: system.write(draft, units, as_of=as_of, seed=seed) for system in SYSTEMS
        }
        answers = AnswerKey(as_of=as_of, seed=seed, feeds=feeds)
        answers.write(draft)
        _put_in_place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
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
