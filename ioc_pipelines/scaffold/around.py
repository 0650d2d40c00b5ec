"""What stands around the table and belongs to each of its rows: the period reported."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.formats import ISO_WEEK, MONTH
from ioc_pipelines.scaffold import words
from ioc_pipelines.scaffold.cells import Cells, Known, read_sample
from ioc_pipelines.scaffold.model import Field, Guess, Kind, Sample


class _Period(NamedTuple):
    """A column that says which period a row is of; ``facts`` of the feed, how it is read."""

    name: str
    vi: str
    en: str
    kind: Kind
    checks: Mapping[str, Any]
    facts: Mapping[str, Any]


class _Form(NamedTuple):
    """A way to state a period, in the ``title`` or in the ``file``'s name.

    In patterns and in the date's form ``~`` is what the sample has between the numbers.
    """

    period: _Period
    where: str
    captures: Mapping[str, str]
    date: str | None = None


_A_QUARTER = r"(?:IV|I{1,3}|[1-4])"
_DAY = _Period("day", "Ngày số liệu", "Day reported", "date", {}, {})
_WEEK = _Period("week", "Tuần báo cáo", "Week reported", "str", {"str_matches": ISO_WEEK}, {})
_MONTH = _Period(
    "period", "Kỳ báo cáo", "Month reported", "str", {"str_matches": MONTH}, {"period": "month"}
)
_QUARTER_CHECK = {"str_matches": rf"^{_A_QUARTER}[-_/.]\d{{4}}$"}
_QUARTER = _Period("quarter", "Quý", "Quarter reported", "str", _QUARTER_CHECK, {})
_YEAR = _Period("year", "Năm", "Year", "int", {"in_range": (1900, 2100)}, {})
_SCHOOL_CHECK = {"str_matches": r"^\d{4}-\d{4}$"}
_SCHOOL_YEAR = _Period("school_year", "Năm học", "School year", "str", _SCHOOL_CHECK, {})

# what is no month or day is not read as one, so that these need not tell
_SAID = r"(?i)(?:th[aá]ng|k[yỳ])\D{0,14}"
_FORMS = (
    _Form(_SCHOOL_YEAR, "title", {"school_year": r"(?i)năm học (\d{4}-\d{4})"}),
    _Form(_MONTH, "title", {"month": _SAID + r"(\d{1,2}~\d{4})(?!\d)"}, "%m~%Y"),
    _Form(_MONTH, "title", {"month": _SAID + r"(\d{4}~\d{2})(?!\d)"}, "%Y~%m"),
    _Form(
        _MONTH,
        "title",
        # the day at the top of a letter, ngày 5 tháng 11 năm 2026, is no period
        {
            "month": r"(?i)(?<!\d )tháng (\d{1,2}) năm \d{4}",
            "year": r"(?i)(?<!\d )tháng \d{1,2} năm (\d{4})",
        },
        "%m/%Y",
    ),
    _Form(_QUARTER, "title", {"quarter": rf"(?i)quý ({_A_QUARTER}/\d{{4}})"}),
    _Form(_YEAR, "title", {"year": r"(?i)(?<!\d )năm (\d{4})"}),
    _Form(_DAY, "file", {"day": r"(?<!\d)(\d{4}~\d{2}~\d{2})(?!\d)"}, "%Y~%m~%d"),
    _Form(_DAY, "file", {"day": r"(?<!\d)(20\d{6})(?!\d)"}, "%Y%m%d"),
    _Form(_DAY, "file", {"day": r"(?<!\d)(\d{2}~\d{2}~\d{4})(?!\d)"}, "%d~%m~%Y"),
    _Form(_WEEK, "file", {"week": r"(?<!\d)(\d{4}-W\d{2})(?!\d)"}),
    _Form(_QUARTER, "file", {"quarter": rf"(?i)q(?:uy)?[-_. ]?({_A_QUARTER}[-_.]\d{{4}})(?!\d)"}),
    _Form(_MONTH, "file", {"month": r"(?<!\d)(\d{4}~\d{2})(?!\d|[-.]\d)"}, "%Y~%m"),
    _Form(_MONTH, "file", {"month": r"(?<!\d)(20\d{4})(?!\d|[-.]\d)"}, "%Y%m"),
    _Form(_MONTH, "file", {"month": r"(?<!\d)(?<!\d[-.])(\d{1,2}~\d{4})(?!\d)"}, "%m~%Y"),
    _Form(_YEAR, "file", {"year": r"(?<!\d)((?:19|20)\d{2})(?![-.]?\d)"}),
)
_BETWEEN = "-/._ "
_PLACES = {"title": "the title", "file": "the file's name"}


def stated_period(
    sample: Sample, fields: Sequence[Field], known: Known
) -> tuple[Mapping[str, Any], Field] | None:
    """The captures and the column of the period that title or file name state.

    None without one, and where columns of the table say as much.
    """
    texts = {"title": sample.title, "file": sample.name}
    if sample.connector["kind"] != "files":
        texts["file"] = ""  # the name is our own
    said = {f.name for f in fields if f.role == "period"}
    for form in _FORMS:
        # rows with days of their own: the day in the name is that of the export
        is_export = form.period is _DAY and any(f.role == "time" for f in fields)
        if is_export or _says_as_much(said, form.period.name):
            continue
        for between in _BETWEEN if any("~" in p for p in form.captures.values()) else ("",):
            patterns = {
                k: p.replace("~", between.replace(".", r"\.")) for k, p in form.captures.items()
            }
            if not all(re.search(p, texts[form.where]) for p in patterns.values()):
                continue
            date = form.date and form.date.replace("~", between)
            if found := _read(form, patterns, date, sample, known):
                return found
    return None


def _says_as_much(said: Collection[str], wanted: str) -> bool:
    """Whether columns of the table tell its period as finely as the one stated."""
    if wanted in said or not {"period", "week"}.isdisjoint(said) or {"month", "year"} <= {*said}:
        return True
    return wanted in ("year", "school_year") and not {*said} <= {"month"}


def _read(
    form: _Form, patterns: Mapping[str, str], date: str | None, sample: Sample, known: Known
) -> tuple[Mapping[str, Any], Field] | None:
    """Captures and column by the project's own reader; None for a text that is no such period."""
    taken = {header.casefold() for header in sample.headers}
    named = {name: f"{name}_stated" if name in taken else name for name in patterns}
    captures = {named[k]: {"where": form.where, "pattern": p} for k, p in patterns.items()}
    parts = [*captures]
    source = parts[0] if len(parts) == 1 else "/".join(f"{{{part}}}" for part in parts)
    facts = {"source": source, **({"date": date} if date else {}), **form.period.facts}
    table = read_sample(sample, captures, *({source} - {*captures}))
    period = form.period
    cells = Cells(source, period.vi, table, known)
    values = cells.read(facts, period.kind)
    if values is None:
        return None
    name = words.Named(period.name, period.vi, period.en)
    place = _PLACES[form.where]
    guess = Guess(period.name, f"period {values[0]}", f"{place} says so")
    more = {"checks": period.checks, "guesses": (guess,), "place": place}
    return captures, cells.field(period.kind, "period", facts, values, name=name, **more)
