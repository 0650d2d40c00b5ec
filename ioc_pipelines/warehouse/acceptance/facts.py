"""What dbt's manifest says of the marts: the tables analysts read, their keys, columns, sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SCHEMAS = ("marts", "core")
_PUBLISHED_DATABASE = "ioc"
_REFERENCE = "reference__"

Nodes = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Key:
    """Columns that no two rows share; ``where`` says of which rows."""

    columns: tuple[str, ...]
    where: str | None = None


@dataclass(frozen=True)
class Reference:
    """A column whose values are those of a column of another table."""

    column: str
    table: str
    field: str


@dataclass(frozen=True)
class MartFacts:
    """One published table as dbt's yml describes it. ``columns``: Vietnamese and English title."""

    schema: str
    table: str
    title_vi: str
    title_en: str
    columns: Mapping[str, tuple[str, str]]
    keys: tuple[Key, ...]
    not_null: tuple[str, ...]
    accepted_values: Mapping[str, tuple[str, ...]]
    references: tuple[Reference, ...]
    datasets: tuple[str, ...]

    @property
    def name(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.table}"


def marts_of(nodes: Nodes) -> list[MartFacts]:
    """Every published table of the schemas marts and core, marts first."""
    found = [
        _facts(name, nodes)
        for name, node in nodes.items()
        if node["resource_type"] == "model"
        and node["database"] == _PUBLISHED_DATABASE
        and node["schema"] in _SCHEMAS
    ]
    return sorted(found, key=lambda mart: (_SCHEMAS.index(mart.schema), mart.table))


def _facts(name: str, nodes: Nodes) -> MartFacts:
    node = nodes[name]
    title_vi, title_en = _titles(node["description"], node["alias"])
    above = _above(name, nodes)
    by_kind: dict[str, list[tuple[Mapping[str, Any], Mapping[str, Any]]]] = {}
    for test in _tests(name, nodes):
        facts = test["test_metadata"]
        by_kind.setdefault(facts["name"], []).append((test, facts["kwargs"]))
    return MartFacts(
        schema=node["schema"],
        table=node["alias"],
        title_vi=title_vi,
        title_en=title_en,
        columns={
            column: _titles(told["description"], column)
            for one in [*(nodes[up] for up in above if _is_staging(nodes[up])), node]
            for column, told in one["columns"].items()
        },
        keys=tuple(
            [
                Key(tuple(k["columns"]), t["config"].get("where"))
                for t, k in by_kind.get("unique_key", ())
            ]
            + [
                Key((k["column_name"],), t["config"].get("where"))
                for t, k in by_kind.get("unique", ())
            ]
        ),
        not_null=tuple(k["column_name"] for _, k in by_kind.get("not_null", ())),
        accepted_values={
            k["column_name"]: tuple(k["values"]) for _, k in by_kind.get("accepted_values", ())
        },
        references=tuple(
            Reference(k["column_name"], _referenced(test, name, nodes), k["field"])
            for test, k in by_kind.get("relationships", ())
        ),
        datasets=tuple(nodes[up]["alias"] for up in above if _is_staging(nodes[up])),
    )


def _tests(name: str, nodes: Nodes) -> Iterator[Mapping[str, Any]]:
    """The tests of a model that stop a build; those that warn judge what agencies sent."""
    for node in nodes.values():
        if (
            node["resource_type"] == "test"
            and node.get("attached_node") == name
            and node.get("test_metadata")
            and node["config"]["severity"].lower() == "error"
        ):
            yield node


def _referenced(test: Mapping[str, Any], name: str, nodes: Nodes) -> str:
    """The table that a relationship points to; the model itself where nothing else is named."""
    others = [other for other in test["depends_on"]["nodes"] if other != name]
    node = nodes[others[0] if others else name]
    return f"{node['schema']}.{node['alias']}"


def _above(name: str, nodes: Nodes) -> list[str]:
    """A model and all that it is made of, however far up."""
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        current = ahead.pop()
        if current in nodes and current not in seen:
            seen.add(current)
            ahead += nodes[current]["depends_on"].get("nodes", ())
    return sorted(seen)


def _is_staging(node: Mapping[str, Any]) -> bool:
    """Whether it holds rows that agencies sent; units of the country are always there."""
    return node["schema"] == "staging" and not node["alias"].startswith(_REFERENCE)


def _titles(description: str, name: str) -> tuple[str, str]:
    """Vietnamese and English of a description ``Tên · Name. More.``."""
    vi, _, en = " ".join(description.split()).partition(" · ")
    return vi or name, en.split(". ")[0].removesuffix(".") or name
