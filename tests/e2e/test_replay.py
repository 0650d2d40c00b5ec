"""A contract is tightened: the dry run says which rows it refuses, and the replay refuses those.

By the ``ioc`` commands of a copy of the project, on an older delivery that a waiver had let
through and a newer one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.orchestration.approving import decide, waiting
from ioc_pipelines.orchestration.delivery import deliver
from ioc_pipelines.orchestration.deployment import Deployment
from tests.e2e.province import Done, Province
from tests.scaffold.project import Copy

pytestmark = pytest.mark.e2e

FEED = "so_nnmt_ha_noi/environment.air_quality_hourly"
FILE = "hanoi_aqi_weather_hourly/tram.csv"
CONTRACT = "contracts/environment/air_quality_hourly.py"
STANDING = "select strftime(observed_at, '%d %H') from staging.environment__air_quality_hourly"
# hour, index; of the older delivery half is out of any range, so it falls below its floor
OLDER = [
    ("08 00", 50),
    ("08 01", 90),
    ("08 02", 110),
    ("08 03", 160),
    ("08 04", 501),
    ("08 05", 502),
]
NEWER = [("09 00", 10), ("09 01", 20), ("09 02", 30), ("09 03", 40), ("09 04", 121), ("09 05", 120)]
LIMIT = 120  # of the tightened contract; 500 before
TIGHTENED = {"08 03", "09 04"}


@dataclass
class Replayed:
    """What stood before and after, and what the dry run had said."""

    waived: str
    before: set[str]
    said: list[dict[str, Any]]
    after_dry_run: set[str]
    done: Done
    after: set[str]
    refused: list[tuple[Any, ...]]
    approvals: list[Any]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    copy = Copy.below(tmp_path_factory.mktemp("replay"))
    province = Province(copy.root.parent / "var", "open_data")

    def ioc(*arguments: str) -> Done:
        found = copy.ioc(*arguments, IOC_OPEN_DATA=str(copy.drop), IOC_PROFILE="open_data")
        assert found.code == 0, found.out + found.err
        return found

    write(copy.drop / FILE, OLDER)
    waived = let_through(copy)
    write(copy.drop / FILE, NEWER)
    ioc("refresh", "--dataset", "environment.air_quality_hourly")
    before = standing(province)
    tighten(copy.root / CONTRACT)
    said = ioc("reprocess", FEED, "--dry-run", "--json").json()
    after_dry_run = standing(province)
    done = ioc("reprocess", FEED)
    refused = province.query(
        "select source_file, row_number, list_sort(list(rule || ' (' || column_name || ')'))"
        " from quality.refused_row join quality.batch using (batch_id)"
        " where contract_version = '3.0.0' group by batch_id, source_file, row_number"
    )
    decided = province.query("select decision, actor, batch_id from quality.approval")
    return Replayed(waived, before, said, after_dry_run, done, standing(province), refused, decided)


def let_through(copy: Copy) -> str:
    """Two nights of the older rows, the first one waived; the batch's id."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IOC_HOME", copy.environment()["IOC_HOME"])
        environment.setenv("IOC_OPEN_DATA", str(copy.drop))
        environment.setenv("IOC_ACTOR", "lich-chay")
        deployment = Deployment.of("open_data")
        (entry,) = [e for e in deployment.catalog.active if e.id == FEED]
        report = deliver(deployment, entry, "night 1", Window(), datetime.now(UTC))
        assert report.outcome == "below_floor"
        environment.setenv("IOC_ACTOR", "chi Lan")
        (batch,) = waiting(deployment)
        decide(deployment, batch.batch_id, "waived", "CV 12/VP")
        report = deliver(deployment, entry, "night 2", Window(), datetime.now(UTC))
        assert report.outcome == "partly_accepted"
    return batch.batch_id


def write(path: Path, rows: Sequence[tuple[str, int]]) -> None:
    lines = ["Local Time,City,AQI,PM25"]
    for moment, index in rows:
        day, hour = moment.split()
        lines.append(f"2023-03-{day} {hour}:00:00,Hanoi,{index},47.0")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    os.utime(path, (1e9, 1e9 + rows[0][1]))  # nobody is writing to it any more


def tighten(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    mended = text.replace('"max_value": 500', f'"max_value": {LIMIT}').replace("2.0.0", "3.0.0")
    assert mended.count(str(LIMIT)) == mended.count('version="3.0.0"') == 1
    path.write_text(mended, encoding="utf-8")


def standing(province: Province) -> set[str]:
    return {moment for (moment,) in province.query(STANDING)}


def test_before_it_what_the_older_contract_let_through_stands(replayed: Replayed) -> None:
    assert replayed.before == {h for h, index in [*OLDER, *NEWER] if index <= 500}
    assert replayed.after_dry_run == replayed.before


def test_the_dry_run_says_which_rows_by_place_and_rule(replayed: Replayed) -> None:
    assert [change["applies"] for change in replayed.said] == [True, True]
    found = [
        (row["file"], row["row"], row["rules"])
        for change in replayed.said
        for row in change["newly_refused"]
    ]
    assert found == [(FILE, 5, ["correct.range (aqi)"]), (FILE, 6, ["correct.range (aqi)"])]
    assert [change["newly_accepted"] for change in replayed.said] == [[], []]


def test_the_replay_refuses_what_it_said_and_nothing_else(replayed: Replayed) -> None:
    """Row for row: what stood before less what the dry run named is what stands."""
    assert replayed.before - replayed.after == TIGHTENED
    assert replayed.after <= replayed.before
    said = [
        (row["file"], row["row"], row["rules"])
        for change in replayed.said
        for row in change["newly_refused"]
    ]
    out_of_range_before = [(FILE, row, ["correct.range (aqi)"]) for row in (6, 7)]
    assert sorted(replayed.refused) == sorted([*said, *out_of_range_before])
    assert sum(change["after"]["refused"] for change in replayed.said) == 4


def test_the_waiver_of_the_older_delivery_holds(replayed: Replayed) -> None:
    assert replayed.approvals == [("waived", "chi Lan", replayed.waived)]
    assert [change["outcome"] for change in replayed.said] == ["partly_accepted"] * 2
