"""Paragraphs whose figures are placeholders."""

from __future__ import annotations

import re

from ioc_pipelines.catalog.reports import PLACEHOLDER, Measure, PeriodType, Text
from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports.document import Draft, Run
from ioc_pipelines.serving.reports.facts import Facts
from ioc_pipelines.serving.reports.figures import MissingFigureError, Wanted, run
from ioc_pipelines.serving.reports.periods import Period


def add_text(draft: Draft, facts: Facts, period: Period, block: Text) -> None:
    """A paragraph with its figures. Raises MissingFigureError."""
    runs: list[Run] = []
    at = 0
    for found in PLACEHOLDER.finditer(block.text):
        runs.append(named(block.text[at : found.start()], facts, period))
        wanted = wanted_by(found, facts, period)
        runs.append(run(facts, draft, wanted, say=block.missing == "say"))
        at = found.end()
    runs.append(named(block.text[at:], facts, period))
    draft.paragraph(*(part for part in runs if part != ""))


def named(text: str, facts: Facts, period: Period) -> str:
    """The names of period, province and day filled in."""
    names = {
        "{period}": period.vi,
        "{province}": small(facts.province["full_name"]),
        "{as_of}": vietnamese.day(facts.as_of),
    }
    for name, said in names.items():
        text = text.replace(name, said)
    return text


def small(name: str) -> str:
    """A unit's name within a sentence: ``tỉnh Hưng Yên``."""
    return name[:1].lower() + name[1:]


def wanted_by(found: re.Match[str], facts: Facts, period: Period) -> Wanted:
    """Which figure a placeholder names."""
    code = found["indicator"]
    kind: PeriodType = found["period_type"] or period.kind  # type: ignore[assignment]
    at = period if kind == period.kind else period.newest_ended(kind)
    at = at.shifted(int(found["back"] or 0))
    measure: Measure = found["measure"] or "value"  # type: ignore[assignment]
    if found["unit"] is None:
        unit_id, unit_name = facts.province["unit_id"], facts.province["full_name"]
    else:
        units = {unit["code"]: unit for unit in (facts.province, *facts.communes)}
        if found["unit"] not in units:
            msg = f"'{found[0]}': no unit {found['unit']} in {facts.province['full_name']} then"
            raise MissingFigureError(msg)
        unit = units[found["unit"]]
        unit_id, unit_name = unit["unit_id"], unit["full_name"]
    return Wanted(code, at, unit_id, unit_name, measure)
