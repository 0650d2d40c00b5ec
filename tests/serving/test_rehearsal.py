"""What a feed would make of files is measured as its next delivery would be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from contracts.base import ContractInfo, column
from contracts.batch_rules import row_count_as_before, units_reported
from ioc_pipelines.orchestration.judging import context_of
from ioc_pipelines.serving.rehearsal import rehearse, summary
from tests.orchestration.deployments import (
    COLUMNS,
    NIGHT,
    Bench,
    Claims,
    dropped,
    entry,
    good,
    info,
    write_csv,
)


class Counted(Claims):
    __contract__ = info("counted")
    __batch_rules__ = (row_count_as_before(at_least=0.5),)


class Mapped(Claims):
    """Its codes are no communes: each of them is missing, on the map of each period."""

    __contract__: ContractInfo = replace(info("mapped"), period_column="name")
    __batch_rules__ = (
        units_reported(
            unit="code",
            period="name",
            every="month",
            reference="admin_unit.commune",
            on_map_of="period",
        ),
    )


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    facts = {
        "connector": dropped("so_a/*.csv"),
        "layout": {"format": "csv", "delimiter": ";"},
        "columns": COLUMNS,
    }
    return Bench.of(tmp_path, entry(Counted, "so_a", **facts), entry(Mapped, "so_b", **facts))


def test_a_batch_that_would_be_held_is_told_so(bench: Bench) -> None:
    path = write_csv(bench.drop / "so_a" / "1.csv", good(10))
    bench.deliver()
    write_csv(path, good(3))
    deployment, feed = bench.deployment, bench.entry
    found = {}
    for previous in (None, bench.current()):
        context = context_of(deployment, Counted, NIGHT, previous)
        result = rehearse(feed, [("1.csv", path)], context, deployment.spellings)
        found[previous is None] = summary(result)
    assert (found[True]["would_be_accepted"], found[True]["held_by"]) == (True, {})
    assert found[False]["would_be_accepted"] is False
    assert found[False]["held_by"] == {"complete.row_count": "3 dòng, trước: 10"}


def test_rows_of_a_contract_before_are_read_as_far_as_today_s_can_hold_them(bench: Bench) -> None:
    """The code was a text and is a number now; the day is new."""
    write_csv(bench.drop / "so_a" / "1.csv", good(3))
    bench.deliver()

    class Renumbered(Counted):
        code: int = column(vi="Mã", en="Code")
        closed_on: pl.Date = column(vi="Ngày chốt", en="Closed on", nullable=True)

    context = context_of(bench.deployment, Renumbered, NIGHT, bench.current())
    assert context.previous is not None
    before = context.previous.collect()
    assert before.schema == Renumbered.polars_schema()
    assert before.select("code", "amount", "closed_on").rows() == [
        (None, 1000, None),
        (None, 2000, None),
        (None, 3000, None),
    ]


def test_units_are_those_of_the_time(bench: Bench) -> None:
    rows = [(code, period, "1", "15/11/2026") for code, _, *_ in good(1) for period in ("2025-01",)]
    path = write_csv(bench.drop / "so_b" / "1.csv", rows)
    deployment, feed = bench.deployment, bench.deployment.catalog.entries[1]
    context = context_of(deployment, Mapped, NIGHT, None)
    result = rehearse(feed, [("1.csv", path)], context, deployment.spellings)
    assert result.verdict is not None
    (found,) = [r for r in result.verdict.results if r.rule.id == "complete.every_unit_reported"]
    known = deployment.validity["admin_unit.commune"]
    active = [
        code
        for code, since, until in known.rows()
        if since.isoformat() <= "2025-01-01"
        and (until is None or until.isoformat() >= "2025-01-01")
    ]
    assert (found.passed, found.evaluated) == (0, len(set(active)))
    assert len(active) != len(deployment.references["admin_unit.commune"])
