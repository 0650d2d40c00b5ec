"""Dossiers of administrative procedures that the communes receive and handle, on the LGSP.

Magnitude: made up; Hưng Yên receives many times as many. Twelve working hours a day would not be
believed: arrivals follow working days, fewer in the month of Tết. On time: about 92 %, near what
provinces publish under Decision 766/QD-TTg.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import Floats, Integers, pick
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    Defect,
    Share,
    moved,
    plant,
)
from ioc_pipelines.sandbox.events import STAMP, arrivals, draws, stamp, stamped
from ioc_pipelines.sandbox.tables import Table, write_table
from ioc_pipelines.sandbox.world import World

FEED = "van_phong_ubnd/public_services.procedure_dossier"
TABLE = Table(
    system="lgsp",
    name="HoSoTTHC",
    columns={
        "MaHoSo": "text",
        "MaThuTuc": "text",
        "MaXa": "text",
        "NguoiNop": "text",
        "SoDienThoai": "text",
        "HinhThuc": "text",
        "TrangThai": "text",
        "TiepNhanLuc": "text",
        "HanTra": "text",
        "TraLuc": "text",
        "CapNhatLuc": "text",
    },
    key=("MaHoSo",),
    changed="CapNhatLuc",
)
PER_DAY, GROWTH = 66, 1.08
SEASON = (0.85, 0.7, 1.1, 1.05, 1.0, 1.05, 1.1, 1.1, 1.05, 1.0, 1.0, 1.0)  # Tết in Jan or Feb
ON_TIME, RETURNED, LATE_AT_THE_PLATFORM = 0.92, 0.06, 0.01
CHANNELS = {"truc_tuyen": 0.65, "truc_tiep": 0.30, "buu_chinh": 0.05}


@dataclass(frozen=True)
class Procedure:
    """A procedure of the communes: its national code, time limit and share of the dossiers."""

    code: str
    working_days: int
    share: float


PROCEDURES = (
    Procedure("2.000815", 1, 0.24),  # certified copies
    Procedure("2.000884", 1, 0.08),  # certified signatures
    Procedure("2.000635", 1, 0.08),  # extracts of civil status
    Procedure("1.001193", 1, 0.11),  # births
    Procedure("1.000894", 1, 0.04),  # marriages
    Procedure("1.000656", 1, 0.05),  # deaths
    Procedure("1.004873", 3, 0.07),  # marital status
    Procedure("1.004884", 5, 0.02),  # births registered again
    Procedure("1.004222", 7, 0.08),  # permanent residence
    Procedure("1.004194", 3, 0.09),  # temporary residence
    Procedure("1.001612", 3, 0.04),  # household businesses
    Procedure("1.012753", 17, 0.07),  # land and what stands on it
    Procedure("1.012817", 20, 0.03),  # area of residential land
)

_DONE = pl.col("TrangThai") == "da_tra"
_AHEAD = {
    "TrangThai": pl.lit("dang_xu_ly"),
    "TiepNhanLuc": moved("TiepNhanLuc", DECADE_AHEAD, STAMP),
    "HanTra": moved("HanTra", DECADE_AHEAD, STAMP),
    "TraLuc": NOTHING,
}
_BEFORE_RECEIPT = {"TraLuc": moved("TiepNhanLuc", "-1d", STAMP)}
_OTHER_FORM = pl.col("HanTra").str.to_datetime(STAMP, strict=False).dt.strftime("%d/%m/%Y %H:%M")
# what the platform selects changes by, CapNhatLuc, is never spoilt: such a row would not be sent
DEFECTS = (
    Defect(REQUIRED, "applicant_name", {"NguoiNop": NOTHING}),
    Defect(REQUIRED, "due_at", {"HanTra": NOTHING}),
    Defect(REQUIRED, "commune_code", {"MaXa": NOTHING}),
    Defect(REQUIRED, "procedure_code", {"MaThuTuc": NOTHING}),
    Defect("complete.finished_when_done", None, {"TraLuc": NOTHING}, where=_DONE),
    Defect("correct.readable", "due_at", {"HanTra": _OTHER_FORM}),
    Defect("correct.readable", "received_at", {"TiepNhanLuc": pl.lit("0000-00-00T00:00:00")}),
    Defect("correct.reference", "commune_code", {"MaXa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "channel", {"HinhThuc": pl.lit("qua_mang")}),
    Defect("correct.enum", "status", {"TrangThai": pl.lit("cho_bo_sung")}),
    Defect("correct.not_future", "received_at", _AHEAD),
    Defect(
        "correct.not_future",
        "finished_at",
        {"TraLuc": moved("TraLuc", DECADE_AHEAD, STAMP)},
        where=_DONE,
    ),
    Defect("correct.finished_after_received", None, _BEFORE_RECEIPT, where=_DONE),
    Defect("clean.format", "dossier_code", {"MaHoSo": pl.col("MaHoSo").str.replace_all("-", "/")}),
    Defect(
        "clean.format", "procedure_code", {"MaThuTuc": pl.col("MaThuTuc").str.replace(r"\.", "")}
    ),
)
SHARE = Share(spoilt=0.014, copied=0.0005)


def write(root: Path, world: World) -> FeedKey:
    """Write the dossiers as the platform holds them and return the answers."""
    planted = plant(dossiers(world), DEFECTS, SHARE, feed=FEED, world=world)
    return write_table(root, TABLE, stamped(planted.filter("there"), "CapNhatLuc"))


def dossiers(world: World) -> pl.DataFrame:
    """The table as text, by time of receipt, with ``block`` and ``nth``; only due dates lie ahead.

    Times are local, those of one dossier in their right order. A few reach the platform a day
    after they were received or changed: ``there`` says whether a dossier has.
    """
    rows = arrivals(world, "dossiers", PER_DAY, season=SEASON, growth=GROWTH)
    received = rows["block"].to_numpy() + draws(world, "received", rows)
    procedure = pick(draws(world, "procedure", rows), [each.share for each in PROCEDURES])
    due = _due(rows["block"].to_numpy(), procedure)
    finished = _finished(world, rows, received, due)
    taken_up = received + 0.05 + 0.9 * draws(world, "taken up", rows)
    delay = np.where(draws(world, "delay", rows) < LATE_AT_THE_PLATFORM, 1.0, 0.0)
    is_done, is_taken = finished + delay < world.now, taken_up + delay < world.now
    returned = draws(world, "returned", rows) < RETURNED
    done = np.where(returned, "tra_lai", "da_tra")
    status = np.where(is_done, done, np.where(is_taken, "dang_xu_ly", "moi_tiep_nhan"))
    changed = np.where(is_done, finished, np.where(is_taken, taken_up, received))
    commune = pick(draws(world, "dossier commune", rows), list(world.people))
    channel = pick(draws(world, "channel", rows), list(CHANNELS.values()))
    number = (rows["nth"] + 1).cast(pl.String).str.zfill(5)
    office = pl.Series(10 + commune % 90).cast(pl.String)  # two digits, so some share one
    day = stamp(received, "%y%m%d")
    return rows.with_columns(
        pl.select(pl.format("H31.{}-{}-{}", office, day, number)).to_series().alias("MaHoSo"),
        pl.Series([each.code for each in PROCEDURES]).gather(procedure).alias("MaThuTuc"),
        world.communes["code"].gather(commune).alias("MaXa"),
        pl.select(pl.format("Người nộp {}-{}", day, number)).to_series().alias("NguoiNop"),
        pl.select(pl.format("0900{}", number)).to_series().alias("SoDienThoai"),
        pl.Series(list(CHANNELS)).gather(channel).alias("HinhThuc"),
        pl.Series("TrangThai", status),
        stamp(received).alias("TiepNhanLuc"),
        stamp(due + 0.999999).alias("HanTra"),
        stamp(np.where(is_done, finished, np.nan)).alias("TraLuc"),
        stamp(changed).alias("CapNhatLuc"),
        pl.Series("there", received + delay < world.now),
    )


def _due(day: Integers, procedure: Integers) -> Floats:
    """The day number each dossier is due: its limit in working days later."""
    limits = np.array([each.working_days for each in PROCEDURES])[procedure]
    due = np.busday_offset(day.astype("datetime64[D]"), limits, roll="backward")
    return due.astype(np.int64).astype(np.float64)


def _finished(world: World, rows: pl.DataFrame, received: Floats, due: Floats) -> Floats:
    """When each dossier is or will be finished: ``ON_TIME`` of them before their day is over."""
    closing = due + 1.0
    early = received + (closing - received) * (0.15 + 0.849 * draws(world, "early", rows))
    late = closing - 3.0 * np.log1p(-draws(world, "late", rows))
    return np.where(draws(world, "on time", rows) < ON_TIME, early, late)
