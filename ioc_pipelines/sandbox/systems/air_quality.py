"""Hourly readings of three air stations, on the environment department's REST API.

Levels and seasons follow the hourly series of Hà Nội: winter days of 60 µg/m³ PM2.5, summer days
of 20, peaks in the rush hours. The index is that of Decision 1459/QD-TCMT (2019) for PM2.5.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import Floats, Integers, spread, uniform
from ioc_pipelines.sandbox.defects import DECADE_AHEAD, NOTHING, Defect, Share, moved, plant
from ioc_pipelines.sandbox.events import STAMP
from ioc_pipelines.sandbox.tables import Table, write_table
from ioc_pipelines.sandbox.world import World

FEED = "so_nnmt/environment.air_quality_hourly"
TABLE = Table(
    system="quan_trac",
    name="du-lieu",
    columns={"station": "text", "ts": "text", "pm25": "decimal", "aqi": "whole"},
    key=("station", "ts"),
    changed="ts",
)
STATIONS = ("Phố Nối", "Phố Hiến", "Trần Lãm")
BY_MONTH = (62, 52, 44, 36, 26, 20, 18, 21, 30, 41, 50, 60)
_HOURS = np.arange(24)
BY_HOUR = 1 + 0.25 * np.exp(-((_HOURS - 8) ** 2) / 8) + 0.2 * np.exp(-((_HOURS - 20) ** 2) / 10)
# breakpoints of PM2.5 and of the index, Decision 1459/QD-TCMT, table 2
PM25_STEPS = (0.0, 25.0, 50.0, 80.0, 150.0, 250.0, 350.0, 500.0)
AQI_STEPS = (0.0, 50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0)

_MORE = (pl.col("pm25").cast(pl.Float64) + 7).cast(pl.String)
DEFECTS = (
    Defect("correct.range", "pm25_ug_m3", {"pm25": pl.lit("-999.0")}),
    Defect("correct.range", "aqi", {"aqi": pl.lit("999")}),
    Defect(REQUIRED, "pm25_ug_m3", {"pm25": NOTHING}),
    Defect(REQUIRED, "aqi", {"aqi": NOTHING}),
    Defect("correct.readable", "pm25_ug_m3", {"pm25": pl.lit("bảo trì")}),
    Defect("correct.not_future", "observed_at", {"ts": moved("ts", DECADE_AHEAD, STAMP)}),
    Defect(KEY_UNIQUE, None, {"pm25": _MORE}),
)
SHARE = Share(spoilt=0.006, copied=0.001, mended=False)


def write(root: Path, world: World) -> FeedKey:
    """Write the readings as the department holds them and return the answers."""
    return write_table(root, TABLE, plant(readings(world), DEFECTS, SHARE, feed=FEED, world=world))


def readings(world: World) -> pl.DataFrame:
    """The table as text, by hour, with ``block`` (the day number) and ``nth``."""
    grid = np.meshgrid(world.days, _HOURS, np.arange(len(STATIONS)), indexing="ij")
    day, hour, station = (axis.ravel() for axis in grid)
    moments = pl.Series(day * 86_400_000_000 + hour * 3_600_000_000).cast(pl.Datetime("us"))
    month = moments.dt.month().to_numpy().astype(np.int64)
    pm25 = np.round(_pm25(world.seed, day, hour, station, month), 1)
    aqi = np.rint(np.interp(pm25, PM25_STEPS, AQI_STEPS)).astype(np.int64)
    return pl.DataFrame(
        {
            "block": day,
            "nth": hour * len(STATIONS) + station,
            "station": pl.Series(STATIONS).gather(station),
            "ts": moments.dt.strftime(STAMP),
            "pm25": pl.Series(pm25).cast(pl.String),
            "aqi": pl.Series(aqi).cast(pl.String),
        }
    )


def _pm25(seed: int, day: Integers, hour: Integers, station: Integers, month: Integers) -> Floats:
    by_day = spread(uniform(seed, "air day 1", day), uniform(seed, "air day 2", day), 0.35)
    place = day, hour, station
    by_hour = spread(uniform(seed, "air hour 1", *place), uniform(seed, "air hour 2", *place), 0.12)
    level = np.array(BY_MONTH)[month - 1] * BY_HOUR[hour]
    local = 1.0 + 0.15 * (station == 0)
    return np.asarray(np.clip(level * local * by_day * by_hour, 2.0, 480.0))
