"""Where the records of a JSON sample stand, and which fields they have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ioc_pipelines.catalog.layouts import JsonLayout
from ioc_pipelines.intake.errors import FileRefusedError
from ioc_pipelines.intake.layout.records import parse_json
from ioc_pipelines.scaffold.model import PERIODS, Guess, ScaffoldError
from ioc_pipelines.scaffold.words import named

_LOOKED_AT = 20_000
_MORE = re.compile(r"(total|tong|count|so_ban_ghi|next|page|cursor)", re.IGNORECASE)


class JsonFields(NamedTuple):
    """The facts of the layout; of each source its title."""

    layout: Mapping[str, Any]
    headers: Mapping[str, str]
    guesses: Sequence[Guess]


def json_fields(path: Path, kind: str, shown: str, place: Sequence[str] = ()) -> JsonFields:
    """The fields of the records at ``place``, or in the longest list of objects.

    Raises ScaffoldError when there is no such list.
    """
    try:
        if kind == "json" and not place:
            place = _longest_list(json.loads(path.read_text(encoding="utf-8-sig")))
        layout = {"format": kind, **({"path": list(place)} if place else {})}
        records = parse_json(JsonLayout.model_validate(layout), path, shown).records
    except FileRefusedError as error:
        raise ScaffoldError(str(error)) from error
    except (ValueError, RecursionError) as error:
        msg = f"{shown} cannot be read as JSON: {type(error).__name__}"
        raise ScaffoldError(msg) from error
    if not records:
        msg = f"{shown}: no list of JSON objects" + (f" at {'.'.join(place)}" if place else "")
        raise ScaffoldError(msg)
    headers, lists = _fields([record.fields for record in records[:_LOOKED_AT]], kind)
    where = Guess("layout", f"records at {'.'.join(place)}", "the longest list there")
    guesses = [where] if place else []
    guesses += [Guess(name, "left out", "it holds a list") for name in sorted(lists)]
    partial = [n for n in headers if "." not in n and any(n not in r.fields for r in records)]
    guesses += [Guess(name, "optional", "some records lack it") for name in partial]
    around = records[0].around
    for level, fields in enumerate(reversed(around), start=1):
        periods = (n for n, v in fields.items() if _is_plain(v) and named(n).name in PERIODS)
        headers = {**{"^." * level + name: name for name in periods}, **headers}
    for name, value in _beside(around[0] if around else {}):
        if _MORE.search(name) and value not in (None, "", len(records), 0, 1):
            guesses.append(Guess("connector", "one answer is all", f"look at {name}: paging?"))
            break
    return JsonFields(layout, headers, guesses)


def _longest_list(tree: Any) -> tuple[str, ...]:
    lists = dict(_lists(tree, ()))
    if not lists:
        msg = "no list of JSON objects"
        raise ScaffoldError(msg)
    return max(lists, key=lambda place: lists[place])


def _lists(node: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, list) and node and all(isinstance(item, dict) for item in node):
        yield place, len(node)
    elif isinstance(node, dict):
        for name, inner in node.items():
            yield from _lists(inner, (*place, name))


def _fields(records: Sequence[Mapping[str, Any]], kind: str) -> tuple[dict[str, str], set[str]]:
    """The fields that hold one value, also those inside others; and those that hold a list."""
    headers: dict[str, str] = {}
    lists: set[str] = set()
    for record in records:
        for source, value in _inner(record, ""):
            if isinstance(value, list):
                lists.add(source)
            else:
                headers.setdefault(source, source)
    left_out = {name.rpartition(".")[0] for name in headers} | lists
    if kind == "geojson":
        left_out.add("geometry")
    return {name: name for name in headers if name not in left_out}, lists


def _inner(record: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _inner(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _beside(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values beside the records."""
    return ((name, value) for name, value in _inner(tree, "") if _is_plain(value))


def _is_plain(value: Any) -> bool:
    return not isinstance(value, list | dict)
