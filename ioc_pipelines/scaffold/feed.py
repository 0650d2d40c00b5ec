"""The text of a feed entry, and where it goes in the agency's file."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from ioc_pipelines.scaffold.model import Draft, ScaffoldError

_WIDTH = 100


def feed_text(draft: Draft, totals_of: Mapping[str, list[str]], indent: int = 2) -> str:
    """One entry of ``feeds``; ``totals_of``: which columns each total sums up."""
    notes = _notes(draft)
    status: dict[str, Any] = {"state": draft.state, "since": draft.since}
    if draft.state == "planned":
        status["reason"] = "Chờ công văn đề nghị và công văn đồng ý chia sẻ dữ liệu"
    lines = [
        f"dataset: {draft.dataset}",
        f"title_vi: {_plain(draft.title_vi)}{notes.get('title_vi', '')}",
        f"status: {_flow(status)}",
        "classification: internal  # guessed",
        "sharing: default",
        f"cadence: {draft.cadence}{notes.get('cadence', '')}",
        f"late_after: {draft.late_after}",
        f"head: {_flow(draft.head.model_dump())}",
        f"focal_point: {_flow(draft.focal_point.model_dump())}  # guessed",
    ]
    if draft.letters:
        lines.append("letters:")
        for name, letter in draft.letters.items():
            lines.append(f"  {name}: {_flow(letter.model_dump())}")
    lines += _entry("connector", dict(draft.sample.connector), notes)
    lines += _entry("layout", _layout(draft, totals_of), notes)
    lines.append(f"columns:{notes.get('columns', '')}")
    for found in draft.fields:
        source = dict(found.source)
        short = _plain(source["source"]) if len(source) == 1 else _flow(source)
        lines.append(f"  {found.name}: {short}{notes.get(found.name, '')}")
    pad = " " * indent
    return f"{pad}- {lines[0]}\n" + "".join(f"{pad}  {line}\n" for line in lines[1:])


def _notes(draft: Draft) -> dict[str, str]:
    """What was guessed of reading the source, as the comment behind its field or column."""
    said: dict[str, list[str]] = {}
    columns = {f.name for f in draft.fields}
    shared = Counter((g.what, g.why) for g in draft.all_guesses if g.column in columns)
    for guess in draft.all_guesses:
        if guess.is_rule or guess.column in ("key", "load_mode", "publish"):
            continue
        what, place = f"{guess.what} ({guess.why})", guess.column
        if guess.what == "left out":
            what, place = f"without {guess.column}", "columns"
        elif place in columns and shared[guess.what, guess.why] > 1:
            place = "columns"
        elif place.startswith("connector."):
            what, place = f"{place.removeprefix('connector.')}: {guess.why}", "connector"
        elif "." in place or place in ("cadence", "connector", "title_vi"):
            what = guess.why
        said.setdefault(place, []).append(what)
    return {
        place: "  # guessed: " + "; ".join(dict.fromkeys(texts)) for place, texts in said.items()
    }


def appended(text: str, entry_of: Callable[[int], str], agency: str) -> str:
    """The agency's file with the entry at its end; nothing else in it changes.

    ``entry_of(indent)`` gives the entry. Raises ScaffoldError where the feeds are not a list at the
    end of the file.
    """
    ended = text if text.endswith("\n") else f"{text}\n"
    keys = re.findall(r"(?m)^([a-z_]+):(.*)$", ended)
    if not keys or keys[-1][0] != "feeds":
        if any(name == "feeds" for name, _ in keys):
            msg = f"{agency}.yaml: 'feeds' must be the last field, so that one can be added below"
            raise ScaffoldError(msg, 2)
        return f"{ended}feeds:\n{entry_of(2)}"
    rest = keys[-1][1].split("#")[0].strip()
    if rest == "[]":
        return re.sub(r"(?m)^feeds:\s*\[\]", "feeds:", ended) + entry_of(2)
    if rest:
        msg = f"{agency}.yaml: write 'feeds' as a list, one entry below the other"
        raise ScaffoldError(msg, 2)
    below = re.split(r"(?m)^feeds:", ended)[-1]
    first = re.search(r"(?m)^( *)- ", below)
    gap = "\n" if first else ""
    return ended.rstrip("\n") + f"\n{gap}" + entry_of(len(first[1]) if first else 2)


def _layout(draft: Draft, totals_of: Mapping[str, list[str]]) -> dict[str, Any]:
    layout = dict(draft.sample.layout)
    captures = layout.pop("captures", {})
    if draft.sample.label:
        sources = {f.source["source"]: f.name for f in draft.fields}
        if draft.sample.label in sources:
            layout["label"] = sources[draft.sample.label]
    figures = [f.name for f in draft.fields if f.kind in ("int", "float") and f.role == "figure"]
    for number, total in enumerate(layout.pop("totals", ())):
        columns = totals_of.get(total["rows"], [])
        if not columns:
            total = {**total, "parts": "none"}
        elif columns != figures:
            total = {**total, "columns": columns}
        layout.setdefault("totals", []).insert(number, total)
    return {**layout, **({"captures": captures} if captures else {})}


def _entry(name: str, facts: Mapping[str, Any], notes: Mapping[str, str]) -> list[str]:
    """Plain facts together on as few lines as they need, others one below the other."""
    note = notes.get(name, "")
    is_noted = any(place.startswith(f"{name}.") for place in notes)
    if not is_noted and not {"totals", "captures"} & set(facts):
        kept = f"{name}: {_flow(facts)}".replace(": ", ":\u00a0")  # a value stays beside its name
        lines = textwrap.wrap(
            kept,
            _WIDTH - 6,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        return ("\n".join(lines).replace(":\u00a0", ": ") + note).split("\n")
    lines = [f"{name}:{note}"]
    for key, value in facts.items():
        inner, mark = f"  {key}: {_flow(value)}", notes.get(f"{name}.{key}", "")
        if key == "totals" and len(inner) > _WIDTH - 4:
            lines += [f"  totals:{mark}", *(f"    - {_flow(item)}" for item in value)]
        elif key == "captures":
            lines += [f"  {key}:{mark}", *(f"    {k}: {_flow(v)}" for k, v in value.items())]
        else:
            lines.append(inner + mark)
    return lines


def _flow(value: Any) -> str:
    """A value on one line."""
    return yaml.safe_dump(
        [value], default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6
    ).strip()[1:-1]


def _plain(text: str) -> str:
    """A text that is the whole value of a field."""
    said = yaml.safe_dump(text, allow_unicode=True, width=10**6).strip()
    return said.removesuffix("...").strip()
