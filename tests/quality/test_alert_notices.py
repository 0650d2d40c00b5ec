"""Each sink hears of an alert once when it opens and once when it closes, of those it asked for."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from ioc_pipelines.catalog.models import AlertSink
from ioc_pipelines.quality.alert_notices import notices_due
from tests.alert_rows import alert, closed, frame_of

TOLD = {"alert_id": pl.String, "sink": pl.String, "event": pl.String, "problem": pl.String}
EVERYTHING = AlertSink(name="leaders")


def due(
    *rows: dict[str, Any],
    told: list[tuple[str, str, str, str]] | None = None,
    sink: AlertSink = EVERYTHING,
) -> list[tuple[Any, ...]]:
    known = pl.DataFrame(told or [], schema=TOLD, orient="row")
    return notices_due(frame_of(*rows), known, sink).select("alert_id", "event").rows()


OPENED = ("X/33/1", "leaders", "opened", "")
CLOSED = ("X/33/1", "leaders", "closed", "")


def test_it_is_told_once_when_it_opens_and_once_when_it_closes() -> None:
    assert due(alert()) == [("X/33/1", "opened")]
    assert due(alert(), told=[OPENED]) == []
    assert due(closed(), told=[OPENED]) == [("X/33/1", "closed")]
    assert due(closed(), told=[OPENED, CLOSED]) == []


def test_what_failed_is_due_again_until_it_was_told() -> None:
    failed = ("X/33/1", "leaders", "opened", "no server")
    assert due(alert(), told=[failed, failed]) == [("X/33/1", "opened")]
    assert due(alert(), told=[failed, OPENED]) == []


def test_who_never_heard_of_it_is_not_told_that_it_is_over() -> None:
    assert due(closed()) == []
    assert due(closed(), told=[("X/33/1", "leaders", "opened", "no server")]) == []


def test_another_sink_and_another_alert_are_apart() -> None:
    assert due(alert(), told=[("X/33/1", "others", "opened", "")]) == [("X/33/1", "opened")]
    assert due(alert("X/33/2"), closed(), told=[OPENED, CLOSED]) == [("X/33/2", "opened")]


@pytest.mark.parametrize(
    ("wanted", "changes"),
    [
        ({"severities": ("critical",)}, {"severity": "critical"}),
        ({"agencies": ("so_b", "so_c")}, {"owner_agency": "so_b"}),
        ({"levels": ("commune",)}, {"unit_level": "commune"}),
        ({"scenarios": ("DRIVE",)}, {"scenarios": "DRIVE, SECTOR"}),
        ({"kinds": ("period_missing",)}, {"kinds": "target_missed, period_missing"}),
    ],
)
def test_a_sink_hears_of_what_it_asks_for(wanted: dict[str, Any], changes: dict[str, Any]) -> None:
    sink = AlertSink(name="leaders", **wanted)
    rows = (alert(), alert("Y/33/1", **changes))
    assert due(*rows, sink=sink) == [("Y/33/1", "opened")]
    assert len(due(*rows)) == 2


def test_an_alert_that_becomes_grave_reaches_who_asks_for_the_grave() -> None:
    sink = AlertSink(name="leaders", severities=("critical",), levels=("province",))
    assert due(alert(), sink=sink) == []
    assert due(alert(severity="critical"), sink=sink) == [("X/33/1", "opened")]
    # and who was told of it hears of its end, whatever it was last
    assert due(closed(), told=[OPENED], sink=sink) == [("X/33/1", "closed")]
