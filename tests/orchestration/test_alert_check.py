"""What Dagster shows of alerts: how many, whose, and never a value."""

from __future__ import annotations

from ioc_pipelines.orchestration.alert_check import check_result
from tests.alert_rows import alert, closed, frame_of


def test_open_alerts_are_counted_by_kind_and_agency_and_warn() -> None:
    rows = [
        alert("A/33/1"),
        alert("B/33/1"),
        alert("C/33/1", kind="period_missing", severity="critical", owner_agency="so_b"),
        closed("D/33/1"),
    ]
    result = check_result(frame_of(*rows))
    assert (result.passed, result.severity.value) == (False, "WARN")
    shown = {name: entry.value for name, entry in result.metadata.items()}
    assert (shown["open"], shown["critical"], shown["closed_so_far"]) == (3, 1, 1)
    assert "| target_missed | so_a | 2 |" in shown["by_kind"]
    assert "| period_missing | so_b | 1 |" in shown["by_kind"]
    assert "89" not in str(shown["by_kind"])


def test_it_passes_when_nothing_is_open() -> None:
    result = check_result(frame_of(closed()))
    assert result.passed
    assert result.metadata["open"].value == 0
