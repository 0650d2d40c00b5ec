"""Python as the project's formatter writes it: 100 columns, double quotes, trailing commas."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

_WIDTH = 100


def quoted(text: str) -> str:
    """A string literal."""
    if '"' in text and "'" not in text:
        return "'" + json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"') + "'"
    return json.dumps(text, ensure_ascii=False)


def literal(value: Any) -> str:
    """A plain value or a list of such."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, tuple | list):
        inner = ", ".join(literal(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return repr(value)


def call(head: str, arguments: Mapping[str, Any], pragma: str = "", indent: int = 4) -> list[str]:
    """``head(name=value, …)``; a value is code already, or a list of literals.

    ``pragma`` is a comment that does not count as width.
    """
    pad = " " * indent
    short = {name: v if isinstance(v, str) else literal(v) for name, v in arguments.items()}
    parts = ", ".join(f"{name}={code}" for name, code in short.items())
    if len(pad) + len(head) + len(parts) + 2 <= _WIDTH:
        return [f"{pad}{head}({parts}){pragma}"]
    if len(pad) + 4 + len(parts) <= _WIDTH:
        return [f"{pad}{head}({pragma}", f"{pad}    {parts}", f"{pad})"]
    lines = [f"{pad}{head}({pragma}"]
    for name, value in arguments.items():
        line = f"{pad}    {name}={short[name]},"
        if len(line) <= _WIDTH or not isinstance(value, list):
            lines.append(line)
        else:
            items = [f"{pad}        {literal(item)}," for item in value]
            lines += [f"{pad}    {name}=[", *items, f"{pad}    ],"]
    return [*lines, f"{pad})"]


def mapping(head: str, cells: Mapping[str, str], indent: int = 4, tail: str = ",") -> list[str]:
    """``head{"name": code, …},``: on one line where it fits."""
    pad = " " * indent
    one = f"{pad}{head}{{{', '.join(f'{quoted(k)}: {v}' for k, v in cells.items())}}}{tail}"
    if len(one) <= _WIDTH:
        return [one]
    inner = [f"{pad}    {quoted(name)}: {code}," for name, code in cells.items()]
    return [f"{pad}{head}{{", *inner, f"{pad}}}{tail}"]


def comment(text: str, indent: int = 4) -> list[str]:
    """The text as comment lines."""
    mark = " " * indent + "# "
    return textwrap.wrap(
        text, _WIDTH, initial_indent=mark, subsequent_indent=mark, break_on_hyphens=False
    )
