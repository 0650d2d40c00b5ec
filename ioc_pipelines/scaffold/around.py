"""What stands around the table and belongs to each of its rows: the period reported."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from contracts.formats import MONTH
from ioc_pipelines.scaffold.model import Field, Guess, Kind, Sample


class _Form(NamedTuple):
    """A way to state a period: its captures by name, and the column that is made of them."""

    where: str
    captures: Mapping[str, str]
    name: str
    vi: str
    en: str
    source: Mapping[str, Any]
    kind: Kind
    checks: Mapping[str, Any]


_MONTH = {"period": "month"}
_YEAR = {"in_range": (1900, 2100)}
_A_MONTH = r"(?:0?[1-9]|1[0-2])"
_FORMS = (
    _Form(
        "title",
        {"school_year": r"(?i)năm học (\d{4}-\d{4})"},
        "school_year",
        "Năm học",
        "School year",
        {"source": "school_year"},
        "str",
        {"str_matches": r"^\d{4}-\d{4}$"},
    ),
    _Form(
        "title",
        {"month": r"(?i)tháng (\d{1,2}/\d{4})"},
        "period",
        "Kỳ báo cáo",
        "Month reported",
        {"source": "month", "date": "%m/%Y", **_MONTH},
        "str",
        {"str_matches": MONTH},
    ),
    _Form(
        "title",
        # the day at the top of a letter, ngày 5 tháng 11 năm 2026, is no period
        {
            "month": r"(?i)(?<!\d )tháng (\d{1,2}) năm \d{4}",
            "year": r"(?i)(?<!\d )tháng \d{1,2} năm (\d{4})",
        },
        "period",
        "Kỳ báo cáo",
        "Month reported",
        {"source": "{month}/{year}", "date": "%m/%Y", **_MONTH},
        "str",
        {"str_matches": MONTH},
    ),
    _Form(
        "title",
        {"quarter": r"(?i)quý ((?:IV|I{1,3}|[1-4])/\d{4})"},
        "quarter",
        "Quý",
        "Quarter reported",
        {"source": "quarter"},
        "str",
        {"str_matches": r"^(IV|I{1,3}|[1-4])/\d{4}$"},
    ),
    _Form(
        "title",
        {"year": r"(?i)(?<!\d )năm (\d{4})"},
        "year",
        "Năm",
        "Year",
        {"source": "year"},
        "int",
        _YEAR,
    ),
    _Form(
        "file",
        {"month": rf"(?<!\d)(\d{{4}}-{_A_MONTH})(?![-\d])"},
        "period",
        "Kỳ báo cáo",
        "Month reported",
        {"source": "month", "date": "%Y-%m", **_MONTH},
        "str",
        {"str_matches": MONTH},
    ),
    _Form(
        "file",
        {"month": rf"(?<!\d)(?<!\d-)({_A_MONTH}-\d{{4}})(?!\d)"},
        "period",
        "Kỳ báo cáo",
        "Month reported",
        {"source": "month", "date": "%m-%Y", **_MONTH},
        "str",
        {"str_matches": MONTH},
    ),
    _Form(
        "file",
        {"year": r"(?<!\d)((?:19|20)\d{2})(?![-\d])"},
        "year",
        "Năm",
        "Year",
        {"source": "year"},
        "int",
        _YEAR,
    ),
)


def stated_period(
    sample: Sample, fields: Sequence[Field], rows: int
) -> tuple[dict[str, Any], Field] | None:
    """The captures and the column of the period that title or file name state; None without one.

    The name of a file that holds dates says nothing more: only rows without any need it.
    """
    is_table = sample.layout["format"] in ("xlsx", "csv")
    is_dated = any(f.role == "time" for f in fields)
    texts = {
        "title": sample.title if is_table else "",
        "file": "" if is_dated or sample.layout["format"] == "parquet" else sample.name,
    }
    if sample.connector["kind"] == "rest":
        texts["file"] = ""
    for form in _FORMS:
        found = {k: re.search(v, texts[form.where]) for k, v in form.captures.items()}
        if all(found.values()):
            values = {name: match[1] for name, match in found.items() if match}
            return _captures(form, sample), _field(form, values, sample, rows)
    return None


def _captures(form: _Form, sample: Sample) -> dict[str, Any]:
    return {
        _free(name, sample): {"where": form.where, "pattern": pattern}
        for name, pattern in form.captures.items()
    }


def _free(name: str, sample: Sample) -> str:
    """The name of a captured value; another where a column of the sample is called so."""
    taken = {header.casefold() for header in sample.headers}
    return f"{name}_stated" if name in taken else name


def _field(form: _Form, values: Mapping[str, str], sample: Sample, rows: int) -> Field:
    said = next(iter(values.values())) if len(values) == 1 else "/".join(values.values())
    place = "the title" if form.where == "title" else "the file's name"
    value: Any = int(said) if form.kind == "int" else said
    if form.source.get("period"):
        month, year = sorted(re.findall(r"\d+", said), key=int)
        value = f"{int(year)}-{int(month):02}"
    source = str(form.source["source"])
    for name in form.captures:
        source = re.sub(rf"\b{name}\b", _free(name, sample), source)
    kind = pl.Int64 if form.kind == "int" else pl.String
    cells = pl.Series([value] * rows, dtype=kind)
    return Field(
        form.name,
        form.vi,
        form.en,
        form.kind,
        "period",
        {**form.source, "source": source},
        cells,
        form.checks,
        guesses=(Guess(form.name, f"period {said}", f"{place} says so"),),
    )
