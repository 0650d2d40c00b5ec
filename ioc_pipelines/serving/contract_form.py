"""A contract as plain values: what is stored of a version, compared, exported and read.

What a rule written as code asks is held as a fingerprint of that code, so that a change of it is
seen; what it asks in words is its message.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pandera.polars as pa
import polars as pl
from pydantic import BaseModel, ConfigDict

from contracts.base import (
    KEY_UNIQUE,
    REQUIRED,
    BatchContext,
    BatchRule,
    Contract,
    Dimension,
    LoadMode,
    Publish,
    rules_of,
)
from ioc_pipelines.serving.dbt_sources import sql_type

CODE = "code"
REFERENCE, NOT_FUTURE, MAX_AGE = "reference", "not_after_arrival", "max_age_days"
_CONTEXTUAL = {
    "correct.reference": ("references", REFERENCE, "list"),
    "correct.not_future": ("not_after_arrival", NOT_FUTURE, None),
    "live.max_age": ("max_age_days", MAX_AGE, "days"),
}
_NO_VALUE = object()


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RuleForm(_Form):
    """One rule: ``kind`` is pandera's name of a built-in check, ``own`` or ``batch``.

    ``holds``: a batch that breaks it waits for a person. ``refuses_empty``: an empty cell breaks
    it, where other rules let one pass.
    """

    id: str
    column: str | None = None
    kind: str
    parameters: dict[str, Any] = {}
    message_vi: str
    holds: bool = False
    refuses_empty: bool = False

    @property
    def dimension(self) -> Dimension:
        """The part of the id before the dot."""
        return self.id.split(".", 1)[0]  # type: ignore[return-value]


class ColumnForm(_Form):
    """One column, with the type that it has in the warehouse."""

    name: str
    type: str
    required: bool
    unit: str | None = None
    personal: bool = False
    title_vi: str
    title_en: str


class ContractForm(_Form):
    """One version of a contract.

    ``rules`` are those beyond emptiness of a required column and uniqueness of the key, which
    follow from ``columns`` and ``key``.
    """

    dataset: str
    version: str
    title_vi: str
    title_en: str
    grain: str
    key: list[str]
    load_mode: LoadMode
    publish: Publish
    period_column: str | None = None
    basis: str
    columns: list[ColumnForm]
    rules: list[RuleForm]


def form_of(contract: type[Contract]) -> ContractForm:
    """The form of a contract as it stands in the code."""
    info = contract.info()
    return ContractForm(
        **{**vars(info), "key": list(info.key)},
        columns=[_column(name, col) for name, col in contract.columns().items()],
        rules=[*_row_rules(contract), *(_batch_rule(contract, r) for r in contract.batch_rules())],
    )


def _column(name: str, col: pa.Column) -> ColumnForm:
    facts = col.metadata or {}
    return ColumnForm(
        name=name,
        type=sql_type(col.dtype.type),
        required=not col.nullable,
        unit=facts.get("unit"),
        personal=bool(facts.get("personal")),
        title_vi=str(col.title),
        title_en=str(col.description),
    )


def _row_rules(contract: type[Contract]) -> Iterator[RuleForm]:
    columns = contract.columns()
    for rule, check in rules_of(contract.schema(_no_context(contract))):
        facts = (columns[rule.column].metadata or {}) if rule.column else {}
        if rule.id in (REQUIRED, KEY_UNIQUE) and check is None:
            continue
        kind, parameters = _of_check(contract, check, facts) if check else ("unique", {})
        yield RuleForm(
            id=rule.id,
            column=rule.column,
            kind=kind,
            parameters=parameters,
            message_vi=rule.message_vi,
            refuses_empty=check is not None and not check.ignore_na,
        )


def _of_check(
    contract: type[Contract], check: pa.Check, facts: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    own = inspect.getattr_static(contract, str(check.name), None)
    if isinstance(own, classmethod):
        return "own", _asks(own.__func__, contract.__module__)
    fact, kind, name = _CONTEXTUAL.get(str(check.error), ("", "", None))
    if facts.get(fact):
        return kind, {name: facts[fact]} if name else {}
    return str(check.name), {k: _plain(v) for k, v in (check.statistics or {}).items()}


def _batch_rule(contract: type[Contract], batch: BatchRule) -> RuleForm:
    return RuleForm(
        id=batch.rule.id,
        column=batch.rule.column,
        kind="batch",
        parameters=_asks(batch.judge, contract.__module__),
        message_vi=batch.rule.message_vi,
        holds=batch.holds,
    )


def _asks(function: Callable[..., Any], module: str) -> dict[str, Any]:
    """What a rule written as code was given, and the fingerprint of code of the contract's own.

    That is its statements and those of what it names in its module. Code that contracts share is
    not fingerprinted: mending it would change every one of them.
    """
    used = inspect.getclosurevars(function)
    given = {name: _plain(value) for name, value in sorted(used.nonlocals.items())}
    parameters = {name: value for name, value in given.items() if value is not _NO_VALUE}
    if function.__module__ != module:
        return parameters
    constants = {name: _plain(value) for name, value in sorted(used.globals.items())}
    known = {name: value for name, value in constants.items() if value is not _NO_VALUE}
    named = _statements_of(set(constants) - set(known), _definitions(module))
    text = f"{_source(function)}\n{known}" + "".join(f"\n{one}" for one in named)
    return {**parameters, CODE: hashlib.sha256(text.encode()).hexdigest()[:12]}


def _source(function: Callable[..., Any]) -> str:
    """The statements of a function: no comment, no layout, no decorator with its message."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    if isinstance(tree, ast.FunctionDef):
        tree.decorator_list = []
    return ast.unparse(tree)


@cache
def _definitions(module: str) -> dict[str, ast.stmt]:
    """What a module defines by name, its functions and values."""
    found: dict[str, ast.stmt] = {}
    for one in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(one, ast.FunctionDef):
            found[one.name] = one
        if isinstance(one, ast.Assign):
            found |= {target.id: one for target in one.targets if isinstance(target, ast.Name)}
    return found


def _statements_of(names: set[str], defined: Mapping[str, ast.stmt]) -> list[str]:
    """How these names are defined, and the names that are used there, in their order."""
    wanted, ahead = set[str](), set(names)
    while ahead:
        wanted |= ahead
        below = (ast.walk(defined[name]) for name in ahead if name in defined)
        named = {part.id for parts in below for part in parts if isinstance(part, ast.Name)}
        ahead = named - wanted
    return [ast.unparse(defined[name]) for name in sorted(wanted & set(defined))]


def _plain(value: Any) -> Any:
    """A value as JSON holds it; ``_NO_VALUE`` for what JSON cannot."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, Set):
        return sorted(map(_plain, value))
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else _NO_VALUE


def _no_context(contract: type[Contract]) -> BatchContext:
    """A context that names every list the contract asks for, each of them empty."""
    names = [(col.metadata or {}).get("references") for col in contract.columns().values()]
    empty = pl.Series(dtype=pl.String)
    return BatchContext(datetime.now(UTC), {name: empty for name in names if name})
