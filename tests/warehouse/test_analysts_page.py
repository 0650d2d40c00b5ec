"""Every published table of schema quality is on the page for analysts."""

from __future__ import annotations

import re

from ioc_pipelines.home import DBT_PROJECT, PROJECT

PAGE = (PROJECT / "docs" / "analysts.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `quality\.(\w+)` \| ([^|]+) \| (.+) \|$", re.MULTILINE)


def test_each_quality_table_has_its_grain_and_a_question() -> None:
    models = {path.stem for path in (DBT_PROJECT / "models" / "quality").glob("*.sql")}
    said = ROW.findall(PAGE)
    assert sorted(name for name, *_ in said) == sorted(models)
    for name, grain, question in said:
        assert grain.strip(), name
        # a query of its own, or one of those below
        asks_it = re.search(rf"`select [^`]+ quality\.{name}\b", question)
        assert asks_it or _asked_below(question, name), name


def _asked_below(question: str, name: str) -> bool:
    number = re.search(r"query (\d)", question)
    if number is None:
        return False
    section = PAGE.split(f"**{number[1]}. ", 1)[1].split("**", 2)[1]
    return f"quality.{name}" in section
