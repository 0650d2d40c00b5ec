"""Answers whose records are not what they were: pages that repeat, clocks that are wrong, drift."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any, cast

from ioc_pipelines.sandbox.drift import DRIFTS, Drift, drifted_records
from ioc_pipelines.sandbox.server.services import Answer
from ioc_pipelines.sandbox.state import Fault

OF_RECORDS: frozenset[str] = frozenset({"repeated", "overlapping", "shuffled", "clock", *DRIFTS})
AHEAD_S = 400 * 86_400
_OVERLAP = 5
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d$")


def spoilt(answer: Answer, fault: Fault, first: Answer | None) -> Answer:
    """The answer with other records in it; ``first`` is the first page, where this is none."""
    value = json.loads(answer.body)
    name = next((key for key in ("data", "Data") if isinstance(value, dict) and key in value), None)
    if name is None:
        return answer
    before = [] if first is None else json.loads(first.body)[name]
    value[name] = _records(value[name], fault, before)
    if "Count" in value:
        value["Count"] = len(value[name])
    return Answer(json.dumps(value, ensure_ascii=False).encode(), answer.status, answer.headers)


def _records(
    records: list[dict[str, Any]], fault: Fault, before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    match fault:
        case "repeated":
            return before or records
        case "overlapping":
            return [*before[:_OVERLAP], *records]
        case "shuffled":
            return records[::-1]
        case "clock":
            return [{key: _ahead(value) for key, value in record.items()} for record in records]
        case _:
            return drifted_records(records, cast("Drift", fault))


def _ahead(value: Any) -> Any:
    if not isinstance(value, str) or not _MOMENT.match(value):
        return value
    moment = datetime.fromisoformat(value) + timedelta(seconds=AHEAD_S)
    return moment.isoformat(sep=value[10])
