"""``docs/benchmarks.md``: one part per benchmark, replaced by its newest run, prose kept."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ioc_pipelines.home import PROJECT

PAGE = PROJECT / "docs" / "benchmarks.md"
_PACKAGES = ("duckdb", "polars", "pandera", "pyarrow", "dagster", "dbt-core", "great-expectations")


@dataclass(frozen=True)
class Result:
    """What a benchmark found: a table, and lines below it."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def lines(self) -> list[str]:
        """As Markdown."""
        table = [self.columns, ["---"] * len(self.columns), *self.rows]
        notes = [f"- {note}" for note in self.notes]
        return [*("| " + " | ".join(row) + " |" for row in table), *(["", *notes] if notes else [])]


def write(name: str, result: Result, page: Path = PAGE) -> None:
    """Put the result between the marks of its benchmark, which must stand on the page."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    body = "\n".join([begin, "", *result.lines(), "", f"*{_measured_on()}*", "", end])
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        msg = f"{page.name} has no marks {begin} {end}"
        raise LookupError(msg)
    page.write_text(pattern.sub(lambda _: body, text), encoding="utf-8")


def _measured_on() -> str:
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {packages}"
    )
