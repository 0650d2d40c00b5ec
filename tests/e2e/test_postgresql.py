"""One setting puts the ledger and what Dagster stores on PostgreSQL; nothing else changes.

Two feeds of public files, refreshed once with files below the data root and once with a server.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.e2e.province import Done, Province, differing, tables
from tests.servers import postgres_database, schema_url

pytestmark = pytest.mark.e2e

AIR, CHANGES = "environment.air_quality_hourly", "reference.admin_unit_change"
CHANGE = (
    "wardCode,ward,districtCode,district,provinceCode,province,newWardCode,newWard,newProvinceCode,"
    "newProvince,isDividedWard\n"
    "00001,Phường Phúc Xá,001,Quận Ba Đình,01,Thành phố Hà Nội,00004,Phường Ba Đình,01,Hà Nội,"
    "False\n"
)
SECRET = "not-to-be-found"
# what tells when it was, or in which snapshot
OF_THE_RUN = ("_recorded_at", "recorded_at", "known_from", "opened_at", "opened_in", "changed_at")


def write(drop: Path, values: Sequence[int]) -> None:
    air = drop / "hanoi_aqi_weather_hourly" / "tram.csv"
    changes = drop / "admin_mapping_63_to_34" / "convert_legacy_2025_simple.csv"
    lines = ["Local Time,City,AQI,PM25"]
    lines += [f"2023-03-08 {n:02d}:00:00,Hanoi,{aqi},47.0" for n, aqi in enumerate(values)]
    for path, text in ((air, "\n".join([*lines, ""])), (changes, CHANGE)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@dataclass
class Nights:
    """The same two deliveries with each engine, and ``ioc status`` of each."""

    files: Province
    server: Province
    url: str
    done: Done
    status: list[Any]

    def on_server(self, schema: str, sql: str) -> list[tuple[object, ...]]:
        engine = sa.create_engine(schema_url(self.url, f"open_data_{schema}"))
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(sql))]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    folder = tmp_path_factory.mktemp("postgresql")
    drop = folder / "drop"
    files, server = (Province(folder / name, "open_data") for name in ("files", "server"))
    for province in (files, server):
        province.base.mkdir()
    asked = ("refresh", "--dataset", AIR, "--dataset", CHANGES)
    with postgres_database() as url:
        address = url.replace("postgres@", f"postgres:{SECRET}@")
        # the second one is refused: no index of the air is 900
        write(drop, (50, 900, 110, 160, 170, 180))
        beside = files.ioc(*asked, IOC_OPEN_DATA=str(drop))
        assert beside.code == 0, beside.err
        done = server.ioc(*asked, IOC_OPEN_DATA=str(drop), IOC_DATABASE_URL=address)
        status = [
            files.ioc("status", "--json").json()["feeds"],
            server.ioc("status", "--json", IOC_DATABASE_URL=address).json()["feeds"],
        ]
        yield Nights(files, server, url, done, status)


def test_it_publishes_what_a_ledger_of_files_publishes(nights: Nights) -> None:
    assert nights.done.code == 0, nights.done.err
    files, server = nights.files.published, nights.server.published
    names = tables(files, ["staging", "core", "marts"])
    assert len(names) > 30
    assert differing(files, server, names, OF_THE_RUN) == {}


def test_the_ledger_stands_in_the_schema_of_its_profile(nights: Nights) -> None:
    told = "select dataset, rows_accepted, rows_quarantined from batch order by dataset"
    assert nights.on_server("ledger", told) == [(AIR, 5, 1), (CHANGES, 1, 0)]
    assert nights.on_server("ledger", "select count(*) from snapshot") == [(1,)]
    assert not list(nights.server.home.glob("ledger.db*"))


def test_the_status_is_told_alike(nights: Nights) -> None:
    files, server = (
        [{name: feed[name] for name in feed if not name.endswith(("_at", "age_s"))} for feed in one]
        for one in nights.status
    )
    assert len(files) > 5
    assert files == server


def test_dagster_keeps_its_runs_and_events_there(nights: Nights) -> None:
    assert nights.on_server("dagster", "select distinct status from runs") == [("SUCCESS",)]
    assert nights.on_server("dagster", "select count(*) from runs") == [(1,)]
    ((events,),) = nights.on_server("dagster", "select count(*) from event_logs")
    assert isinstance(events, int)
    assert events > 500
    assert not (nights.server.home / "dagster" / "history").exists()


def test_the_address_is_in_no_file(nights: Nights) -> None:
    found = subprocess.run(
        ["grep", "-rl", SECRET, nights.server.base], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (1, "")
    assert SECRET not in nights.done.out + nights.done.err
    settings = (nights.server.home / "dagster" / "dagster.yaml").read_text()
    assert "env: IOC_DAGSTER_URL" in settings


@pytest.mark.parametrize("url", [f"mysql://u:{SECRET}@h/d", f"postgresql://u:{SECRET}@h"])
def test_an_address_that_is_none_is_wrong_usage(tmp_path: Path, url: str) -> None:
    done = Province(tmp_path, "open_data").ioc("status", IOC_DATABASE_URL=url)
    assert done.code == 2
    assert "IOC_DATABASE_URL must read postgresql://" in done.err
    assert SECRET not in done.err
