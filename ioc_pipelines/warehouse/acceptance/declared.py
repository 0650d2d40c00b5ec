"""What is expected of a mart beyond dbt's own facts.

It stands in ``dbt_project/acceptance/<schema>/<table>.yml``; a mart without a file is held to what
dbt's yml says of it. In SQL the mart is ``t``; every table of the build can be named, those of the
private file with ``work.`` before them.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

Severity = Literal["critical", "warning"]
Bound = float | date | Literal["today"] | None


class DeclarationError(RuntimeError):
    """A file of expectations cannot be read, or speaks of a mart that is not there."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Titled(_Strict):
    title_vi: str
    title_en: str
    severity: Severity = "critical"


class Between(_Titled):
    """Numbers or dates of a column lie between two bounds; ``today`` is the day in Viet Nam."""

    column: str
    min: Bound = None
    max: Bound = None


class Holds(_Titled):
    """A condition on each row. As in a SQL CHECK, null does not break it."""

    id: str
    sql: str


class NothingMissing(_Titled):
    """A query that lists what is missing: it has no row."""

    id: str
    sql: str


class Plausible(_Strict):
    """Between which values an indicator can be, by its code, else by its unit."""

    by_unit: dict[str, tuple[float | None, float | None]] = {}
    by_indicator: dict[str, tuple[float | None, float | None]] = {}


class Declared(_Strict):
    """One file."""

    min_rows: int = 1
    not_null: tuple[str, ...] = ()
    between: tuple[Between, ...] = ()
    holds: tuple[Holds, ...] = ()
    nothing_missing: tuple[NothingMissing, ...] = ()
    plausible: Plausible | None = None


def read_declared(folder: Path) -> dict[str, Declared]:
    """The files of a folder by ``schema.table``. Raises DeclarationError."""
    return {
        f"{path.parent.name}.{path.stem}": _read(path) for path in sorted(folder.glob("*/*.yml"))
    }


def _read(path: Path) -> Declared:
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return Declared.model_validate(raw)
    except (yaml.YAMLError, ValidationError) as error:
        msg = f"{path.parent.name}/{path.name}: {error}"
        raise DeclarationError(msg) from error
