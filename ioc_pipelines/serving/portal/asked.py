"""What a page is made from: the snapshot, the language, the moment, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict

from ioc_pipelines.serving.portal.opened import Snapshot
from ioc_pipelines.serving.portal.shelf import Shelf
from ioc_pipelines.serving.portal.texts import Speaker

Row = dict[str, Any]
Rows = list[Row]


class NotThereError(LookupError):
    """There is no such indicator, unit, batch or table: the message says which, in both tongues."""

    def __init__(self, vi: str, en: str) -> None:
        """``vi`` and ``en`` say the same."""
        super().__init__(en)
        self.vi, self.en = vi, en


class Params(BaseModel):
    """Parameters of a page: what is not named is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


@dataclass(frozen=True)
class Asked:
    """One question of one reader."""

    snapshot: Snapshot
    cursor: duckdb.DuckDBPyConnection
    shelf: Shelf
    say: Speaker
    now: datetime

    def rows(self, sql: str, **given: Any) -> Rows:
        """The rows that a query answers with; ``$name`` in it are bound, never put into text."""
        answer = self.cursor.execute(sql, given or None)
        names = [name for name, *_ in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def row(self, sql: str, **given: Any) -> Row | None:
        """The first row, if there is one."""
        return next(iter(self.rows(sql, **given)), None)

    def province(self) -> Row:
        """The unit that the province is today: ``unit_id``, ``full_name``."""
        code = self.shelf.catalog.profile.province_code
        found = self.row(
            "select unit_id, full_name, code from core.dim_admin_unit"
            " where level = 'province' and is_current and code = $code",
            code=code or "",
        )
        if found is None:
            raise NotThereError("Hồ sơ này không phải của một tỉnh.", "This profile is no province")
        return found
