"""What the project itself knows and no snapshot holds: titles of scenarios, tables and columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ioc_pipelines.catalog.load import Catalog
from ioc_pipelines.home import DBT_PROJECT

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Scenario:
    """A scenario of article 6 and, of a thematic one, its indicators; None: all of its kind."""

    code: str
    kind: str
    name_vi: str
    name_en: str
    legal_basis: str
    indicators: frozenset[str] | None

    def shows(self, indicator: Mapping[str, Any]) -> bool:
        """Whether an indicator belongs to it."""
        if self.indicators is not None:
            return indicator["indicator_code"] in self.indicators
        return bool(indicator["scenario"] == self.kind)


@dataclass(frozen=True)
class TableText:
    """What a published table and its columns are called, ``vi · en``."""

    description: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Shelf:
    """All of it, read once when the portal starts."""

    catalog: Catalog
    scenarios: tuple[Scenario, ...]
    groups: Mapping[str, tuple[str, str]]
    tables: Mapping[str, TableText]

    @classmethod
    def of(cls, catalog: Catalog, project: Path = DBT_PROJECT) -> Shelf:
        """Read the seeds and the descriptions of a dbt project."""
        seeds = project / "seeds"
        groups = {
            row["data_group"]: (row["name_vi"], row["name_en"])
            for row in _csv(seeds / "data_group.csv")
        }
        return cls(catalog, tuple(_scenarios(seeds)), groups, dict(_tables(project / "models")))

    def agency(self, code: str | None) -> str:
        """The Vietnamese name of an agency of the profile; its code where it has none."""
        names = {entry.agency.code: entry.agency.name_vi for entry in self.catalog.entries}
        return names.get(code or "", code or "")

    def feed(self, feed: str) -> str:
        """The title of a feed; its id where the profile no longer has it."""
        return next((e.feed.title_vi for e in self.catalog.entries if e.id == feed), feed)


def _scenarios(seeds: Path) -> Iterator[Scenario]:
    named: dict[str, set[str]] = {}
    for row in _csv(seeds / "scenario_indicator.csv"):
        named.setdefault(row["scenario_code"], set()).add(row["indicator_code"])
    for row in _csv(seeds / "scenario.csv"):
        code = row["scenario_code"]
        own = frozenset(named[code]) if code in named else None
        yield Scenario(
            code, row["scenario"], row["name_vi"], row["name_en"], row["legal_basis"], own
        )


def _tables(models: Path) -> Iterator[tuple[str, TableText]]:
    for path in sorted(models.rglob("*.yml")):
        declared = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or {}  # noqa: S506
        for model in declared.get("models", ()):
            columns = {c["name"]: _line(c.get("description")) for c in model.get("columns", ())}
            schema = path.relative_to(models).parts[0]
            yield f"{schema}.{model['name']}", TableText(_line(model.get("description")), columns)


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
