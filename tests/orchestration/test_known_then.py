"""Which moment `--as-of` means, and what of the history was known by it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from ioc_pipelines.home import Home
from ioc_pipelines.orchestration.known_then import moment_of
from ioc_pipelines.warehouse.recorded import RECORDED, RECORDED_SCHEMA, recorded_so_far


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        # the end of the day in Viet Nam, seven hours ahead
        ("2026-11-15", datetime(2026, 11, 15, 16, 59, 59, 999_999, tzinfo=UTC)),
        ("2026-11-15T08:00", datetime(2026, 11, 15, 1, tzinfo=UTC)),
        ("2026-11-15T08:00+00:00", datetime(2026, 11, 15, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_is_of_viet_nam_unless_it_says_otherwise(text: str, moment: datetime) -> None:
    assert moment_of(text) == moment


def test_what_was_known_by_a_day_is_what_was_published_on_it(tmp_path: Path) -> None:
    home = Home("test", tmp_path)
    assert recorded_so_far(home).is_empty()
    moments = [datetime(2026, 11, 15, hour, tzinfo=UTC) for hour in (16, 18)]
    rows = [("X", "month", date(2026, 10, 1), "p", 1.0 + n, True, m) for n, m in enumerate(moments)]
    folder = home.snapshots / "20261115T180000-x"
    (folder / "marts").mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    known = pl.DataFrame(rows, schema=RECORDED_SCHEMA, orient="row")
    known.with_columns(known_to=None).write_parquet(folder / "marts" / f"{RECORDED}.parquet")
    assert recorded_so_far(home).equals(known)
    assert recorded_so_far(home, moment_of("2026-11-15"))["value"].to_list() == [1.0]
    assert recorded_so_far(home, moment_of("2026-11-16"))["value"].to_list() == [1.0, 2.0]
