"""What differs between two versions of a contract, whom it breaks, and the version it asks for.

Two parties rely on a contract: who **sends** data and must not find valid rows refused one day, and
who **reads** it and must not find a column gone or of another meaning. What breaks either is
breaking. What only allows more is compatible, and readers are told: they may meet values they do
not know. A column that may now be empty breaks its readers: sums and joins go wrong without a word
(ADR 0025).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from ioc_pipelines.serving.contract_bounds import Bounds, bounds_of, is_bound, lengths_of
from ioc_pipelines.serving.contract_form import MAX_AGE, ColumnForm, ContractForm, RuleForm

Effect = Literal["breaking", "compatible", "wording"]
Party = Literal["senders", "readers", "both", "nobody"]
Level = Literal["major", "minor", "patch"]
LEVELS: Mapping[Effect, Level] = {"breaking": "major", "compatible": "minor", "wording": "patch"}
# what is judged of a column as a whole, empty cells too
_OF_THE_WHOLE = ("batch", "unique")
_ORDER: tuple[Level, ...] = ("patch", "minor", "major")


class Change(BaseModel, frozen=True):
    """One difference: what ``kind``, ``where`` (a column, a rule or the dataset), ``for_whom``."""

    effect: Effect
    kind: str
    where: str
    for_whom: Party
    before: Any = None
    after: Any = None


def changes(old: ContractForm, new: ContractForm) -> list[Change]:
    """Every difference but that of the version itself, the breaking ones first."""
    found = [*_facts(old, new), *_columns(old, new), *_rules(old, new)]
    order: tuple[Effect, ...] = ("breaking", "compatible", "wording")
    return sorted(found, key=lambda change: order.index(change.effect))


def level_of(found: Sequence[Change]) -> Level | None:
    """The part of the version that must be raised for these changes; None when there are none."""
    levels = [LEVELS[change.effect] for change in found]
    return max(levels, key=_ORDER.index) if levels else None


def parsed(version: str) -> tuple[int, int, int]:
    """``1.2.3`` as numbers. Raises ValueError when it is not such a version."""
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch


def next_version(version: str, level: Level) -> str:
    """The least version that raises ``level``."""
    major, minor, patch = parsed(version)
    raised = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0)}
    return ".".join(map(str, raised.get(level, (major, minor, patch + 1))))


def suffices(old: str, new: str, level: Level | None) -> bool:
    """Whether going from ``old`` to ``new`` raises at least ``level``."""
    least = next_version(old, level or "patch")
    return parsed(new) >= parsed(least)


def _facts(old: ContractForm, new: ContractForm) -> Iterator[Change]:
    for name in ("key", "grain", "load_mode", "publish", "period_column"):
        yield from _differs(old, new, name, "breaking", "both", "dataset")
    for name in ("title_vi", "title_en", "basis"):
        yield from _differs(old, new, name, "wording", "nobody", "dataset")


def _columns(old: ContractForm, new: ContractForm) -> Iterator[Change]:
    before, after = ({c.name: c for c in form.columns} for form in (old, new))
    gone = [before[name] for name in before if name not in after]
    added = [after[name] for name in after if name not in before]
    for column in gone:
        successor = next((c for c in added if _is_renamed(column, c)), None)
        if successor is None:
            yield _change("breaking", "column removed", column.name, "both")
        else:
            added.remove(successor)
            change = _change("breaking", "column renamed", column.name, "both")
            yield change.model_copy(update={"after": successor.name})
    for column in added:
        if column.required:
            yield _change("breaking", "required column added", column.name, "senders")
        else:
            yield _change("compatible", "optional column added", column.name, "readers")
    for name in [name for name in before if name in after]:
        yield from _column(before[name], after[name])
    kept = [name for name in before if name in after], [name for name in after if name in before]
    if kept[0] != kept[1]:
        yield _change("wording", "columns reordered", "dataset", "nobody")


def _is_renamed(old: ColumnForm, new: ColumnForm) -> bool:
    return (old.type, old.title_vi, old.title_en) == (new.type, new.title_vi, new.title_en)


def _column(old: ColumnForm, new: ColumnForm) -> Iterator[Change]:
    yield from _differs(old, new, "type", "breaking", "both", old.name)
    if new.required and not old.required:
        yield _change("breaking", "column became required", old.name, "senders")
    if old.required and not new.required:
        yield _change("breaking", "column may be empty", old.name, "readers")
    yield from _differs(old, new, "personal", "breaking", "readers", old.name)
    named = old.unit is None
    yield from _differs(
        old,
        new,
        "unit",
        "wording" if named else "breaking",
        "nobody" if named else "both",
        old.name,
    )
    for name in ("title_vi", "title_en"):
        yield from _differs(old, new, name, "wording", "nobody", old.name)


def _rules(old: ContractForm, new: ContractForm) -> Iterator[Change]:
    """Rules of columns that both have alike; those of a new, gone or retyped one go with it.

    But who does not send a new column yet breaks what is asked of it as a whole.
    """
    shared = {(c.name, c.type) for c in old.columns} & {(c.name, c.type) for c in new.columns}
    columns = {None, *(name for name, _ in shared)}
    added = {c.name for c in new.columns} - {c.name for c in old.columns}
    before, after = (
        {
            (r.column, r.id): r
            for r in form.rules
            if r.column in columns or (r.column in added and r.kind in _OF_THE_WHOLE)
        }
        for form in (old, new)
    )
    moved = set()
    for column in sorted(name for name, _ in shared):
        was, now = (_bounds_in(rules, column) for rules in (before, after))
        yield from _bounds(column, was, now)
        if was != now:
            moved.add(column)
    for at in dict.fromkeys([*before, *after]):
        if at in before and at in after:
            yield from _rule(before[at], after[at])
        else:
            yield from _one_sided(before.get(at), after.get(at), at[0] in moved)


def _bounds_in(rules: Mapping[Any, RuleForm], column: str) -> Bounds:
    return bounds_of(rule for rule in rules.values() if rule.column == column)


def _bounds(where: str, was: Bounds, now: Bounds, of: str = "range") -> Iterator[Change]:
    said = {"before": was.said(), "after": now.said()}
    if not now.covers(was):
        yield _change("breaking", f"{of} narrowed", where, "senders", **said)
    elif not was.covers(now):
        yield _change("compatible", f"{of} widened", where, "readers", **said)


def _rule(old: RuleForm, new: RuleForm) -> Iterator[Change]:
    where = _where(new)
    yield from _asked(old, new, where)
    if new.holds and not old.holds:
        yield _change("breaking", "rule holds the batch", where, "senders")
    if old.holds and not new.holds:
        yield _change("compatible", "rule holds the batch no more", where, "readers")
    if new.refuses_empty and not old.refuses_empty:
        yield _change("breaking", "empty cells refused", where, "senders")
    if old.refuses_empty and not new.refuses_empty:
        yield _change("compatible", "empty cells allowed", where, "readers")
    if (old.kind, old.parameters) == (new.kind, new.parameters):
        yield from _differs(old, new, "message_vi", "wording", "nobody", where)


def _one_sided(old: RuleForm | None, new: RuleForm | None, is_said: bool) -> Iterator[Change]:
    """``is_said``: the range of the column is known to have changed, bounds are in that."""
    for rule, kind, effect, party in (
        (new, "rule added", "breaking", "senders"),
        (old, "rule removed", "compatible", "readers"),
    ):
        if rule is None or (is_bound(rule) and is_said):
            continue
        if is_bound(rule):  # the same bound under another id
            effect, party = "wording", "nobody"
        yield _change(effect, kind, _where(rule), party)  # type: ignore[arg-type]


def _asked(old: RuleForm, new: RuleForm, where: str) -> Iterator[Change]:
    """What the rule asks: narrowed, widened, or another thing, which may refuse what was valid."""
    if (old.kind, old.parameters) == (new.kind, new.parameters) or _are_bounds(old, new):
        return
    if old.kind == new.kind and old.kind in ("isin", "notin"):
        yield from _lists(old, new, where)
        return
    if old.kind == new.kind == "str_length":
        yield from _bounds(where, lengths_of(old), lengths_of(new), "length")
        return
    is_wider = old.kind == new.kind == MAX_AGE and new.parameters["days"] > old.parameters["days"]
    kind = {MAX_AGE: f"age {'widened' if is_wider else 'narrowed'}"}.get(new.kind, "rule changed")
    if old.kind == new.kind and old.kind.startswith("str_"):
        kind = "format changed"
    said = {"before": old.parameters, "after": new.parameters}
    if is_wider:
        yield _change("compatible", kind, where, "readers", **said)
    else:
        yield _change("breaking", kind, where, "senders", **said)


def _are_bounds(old: RuleForm, new: RuleForm) -> bool:
    return is_bound(old) and is_bound(new)


def _lists(old: RuleForm, new: RuleForm, where: str) -> Iterator[Change]:
    name = "allowed_values" if old.kind == "isin" else "forbidden_values"
    was, now = (rule.parameters[name] for rule in (old, new))
    gone, more = [v for v in was if v not in now], [v for v in now if v not in was]
    refused, allowed = (gone, more) if old.kind == "isin" else (more, gone)
    if refused:
        yield _change("breaking", "enum narrowed", where, "senders", before=refused)
    if allowed:
        yield _change("compatible", "enum widened", where, "readers", after=allowed)
    if not refused and not allowed:
        yield _change("wording", "enum reordered", where, "nobody")


def _where(rule: RuleForm) -> str:
    return f"{rule.column}: {rule.id}" if rule.column else rule.id


def _differs(
    old: BaseModel, new: BaseModel, name: str, effect: Effect, party: Party, where: str
) -> Iterator[Change]:
    before, after = getattr(old, name), getattr(new, name)
    if before != after:
        kind = f"{name} changed"
        yield _change(effect, kind, where, party, before=before, after=after)


def _change(effect: Effect, kind: str, where: str, party: Party, **values: Any) -> Change:
    return Change(effect=effect, kind=kind, where=where, for_whom=party, **values)
