"""The text of a contract."""

from __future__ import annotations

import re
from typing import Any

from contracts.formats import COMMUNE_CODE, ISO_WEEK, MONTH, PROVINCE_CODE
from ioc_pipelines.scaffold.model import MEND, Draft, Field
from ioc_pipelines.scaffold.python_text import call, comment, quoted

_FORMATS = {
    MONTH: "MONTH",
    ISO_WEEK: "ISO_WEEK",
    COMMUNE_CODE: "COMMUNE_CODE",
    PROVINCE_CODE: "PROVINCE_CODE",
}
_TYPES = {"date": "pl.Date", "moment": 'pl.Datetime("us")'}
_LONGEST_TITLE = 70
_THINGS = {
    "period": "month",
    "commune_code": "commune",
    "commune_name": "commune",
    "province_code": "province",
    "province_name": "province",
}


def contract_text(draft: Draft) -> str:
    """The module ``contracts/<sector>/<dataset>.py``."""
    kinds = {f.kind for f in draft.fields}
    patterns = [f.checks.get("str_matches") for f in draft.fields]
    formats = sorted({_FORMATS[pattern] for pattern in patterns if pattern in _FORMATS})
    lines = [f'"""{draft.title_en}, proposed from {draft.sample.shown}."""', ""]
    lines += ["from __future__ import annotations", ""]
    if kinds & set(_TYPES):
        lines += ["import polars as pl", ""]
    lines += ["from contracts.base import Contract, ContractInfo, column"]
    if formats:
        lines += [f"from contracts.formats import {', '.join(formats)}"]
    lines += ["", "", f"class {class_name(draft.dataset)}(Contract):"]
    lines += [f'    """One {grain(draft)[4:]}."""', "", *_info(draft), ""]
    lines += comment(_guesses(draft))
    if mend := [f.name for f in draft.fields if any(g.why == MEND for g in f.guesses)]:
        lines += comment(f"MEND BY HAND: no Vietnamese title is known of {', '.join(mend)}")
    for found in draft.fields:
        lines += _column(found)
    return "\n".join(lines) + "\n"


def class_name(dataset: str) -> str:
    """The name of the class, from the dataset's."""
    name = "".join(part.capitalize() for part in dataset.split(".")[1].split("_"))
    return f"{name}Data" if name in ("Contract", "ContractInfo") else name


def grain(draft: Draft) -> str:
    """What one row stands for, in English."""
    titles = {f.name: f.en for f in draft.fields}
    things = [
        _THINGS.get(name, re.sub(r"[^\w ].*", "", titles[name]).lower()) for name in draft.key
    ]
    listed = ", ".join(things[:-1]) + (" and " if len(things) > 1 else "") + things[-1]
    return f"one row per {listed}"


def shortened(text: str) -> str:
    """A title that fits on a line of code."""
    return text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1].rstrip() + "…"


def _info(draft: Draft) -> list[str]:
    key = ", ".join(quoted(name) for name in draft.key)
    facts = {
        "dataset": quoted(draft.dataset),
        "version": quoted("1.0.0"),
        "title_vi": quoted(shortened(draft.title_vi)),
        "title_en": quoted(shortened(draft.title_en)),
        "grain": quoted(grain(draft)),
        "key": f"({key},)" if len(draft.key) == 1 else f"({key})",
        "load_mode": quoted("upsert"),
        "publish": quoted(draft.publish),
        "basis": quoted(shortened(draft.basis)),
    }
    if draft.period:
        facts["period_column"] = quoted(draft.period.name)
    inner = [f"        {name}={code}," for name, code in facts.items()]
    return ["    __contract__ = ContractInfo(", *inner, "    )"]


def _column(found: Field) -> list[str]:
    head = f"{found.name}: {_TYPES.get(found.kind, found.kind)} = column"
    facts: dict[str, Any] = {"vi": quoted(shortened(found.vi)), "en": quoted(shortened(found.en))}
    if found.unit:
        facts["unit"] = quoted(found.unit)
    if found.personal:
        facts["personal"] = "True"
    if found.nullable:
        facts["nullable"] = "True"
    for name, value in found.checks.items():
        if name == "str_matches":
            facts[name] = _FORMATS.get(value) or f'r"{value}"'
        else:
            facts[name] = quoted(value) if isinstance(value, str) else value
    pragma = "  # type: ignore[valid-type]" if found.kind == "moment" else ""
    return call(head, facts, pragma)


def _guesses(draft: Draft) -> str:
    """What the sample does not prove of the rules; how it is read is guessed in the feed."""
    named: dict[str, list[str]] = {}
    for found in draft.fields:
        for guess in found.guesses:
            if guess.is_rule and guess.why != MEND:
                what = "en" if guess.what.startswith("en: ") else f"{guess.what} ({guess.why})"
                named.setdefault(what, []).append(found.name)
    said = [f"key: {guess.why}" for guess in draft.guesses if guess.column == "key"]
    figures = [f.name for f in draft.fields if f.role == "figure"]
    for what, names in named.items():
        of_all = names == figures and len(names) > 2
        said.append(f"{'all figures' if of_all else ', '.join(names)}: {what}")
    return f"Guessed: {'; '.join(said)}"
