"""Citizens' feedback to the communes, on the LGSP.

Magnitude: about ten a day; Quảng Trị published 1,400 by 2025-11-10. What is complained of and how
satisfied people are is assumed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import pick
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

FEED = "van_phong_ubnd/public_services.citizen_feedback"
TABLE = Table(
    system="lgsp",
    name="PhanAnhKienNghi",
    columns={
        "MaPhanAnh": "text",
        "MaXa": "text",
        "LinhVuc": "text",
        "Kenh": "text",
        "SoDienThoai": "text",
        "TrangThai": "text",
        "TiepNhanLuc": "text",
        "TraLoiLuc": "text",
        "MucHaiLong": "whole",
        "CapNhatLuc": "text",
    },
    key=("MaPhanAnh",),
    changed="CapNhatLuc",
)
PER_DAY, GROWTH = 9, 1.15
FIELDS = {
    "moi_truong": 0.24,
    "giao_thong": 0.18,
    "dat_dai": 0.16,
    "xay_dung": 0.1,
    "dich_vu_cong": 0.12,
    "an_ninh": 0.08,
    "y_te": 0.04,
    "giao_duc": 0.03,
    "khac": 0.05,
}
CHANNELS = {"ung_dung": 0.55, "tong_dai": 0.2, "cong_thong_tin": 0.15, "truc_tiep": 0.1}
SATISFACTION = {"1": 0.06, "2": 0.08, "3": 0.18, "4": 0.38, "5": 0.3}
MEAN_DAYS, REFUSED, RATED, ANONYMOUS = 4.0, 0.05, 0.4, 0.2

_ANSWERED = pl.col("TrangThai") == "da_tra_loi"
_NOT_ANSWERED = {
    "TrangThai": pl.lit("dang_xu_ly"),
    "TraLoiLuc": NOTHING,
    "MucHaiLong": NOTHING,
}
_AHEAD = {**_NOT_ANSWERED, "TiepNhanLuc": moved("TiepNhanLuc", DECADE_AHEAD, STAMP)}
_RATED_TOO_EARLY = {**_NOT_ANSWERED, "MucHaiLong": pl.lit("3")}
_BEFORE_RECEIPT = {"TraLoiLuc": moved("TiepNhanLuc", "-1d", STAMP)}
_OTHER_CHANNEL = pl.when(pl.col("Kenh") == "tong_dai").then(pl.lit("ung_dung"))
DEFECTS = (
    Defect(REQUIRED, "commune_code", {"MaXa": NOTHING}),
    Defect(REQUIRED, "field", {"LinhVuc": NOTHING}),
    Defect("correct.reference", "commune_code", {"MaXa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "field", {"LinhVuc": pl.lit("moi-truong")}),
    Defect("correct.enum", "channel", {"Kenh": pl.lit("zalo")}),
    Defect("correct.readable", "received_at", {"TiepNhanLuc": pl.lit("hôm qua")}),
    Defect("correct.not_future", "received_at", _AHEAD),
    Defect("correct.answered_after_received", None, _BEFORE_RECEIPT, where=_ANSWERED),
    Defect("complete.answered_when_answered", None, {"TraLoiLuc": NOTHING}, where=_ANSWERED),
    Defect("correct.satisfaction_when_answered", None, _RATED_TOO_EARLY),
    Defect("correct.range", "satisfaction", {"MucHaiLong": pl.lit("9")}, where=_ANSWERED),
    Defect("clean.format", "feedback_code", {"MaPhanAnh": pl.col("MaPhanAnh").str.slice(3)}),
    Defect(KEY_UNIQUE, None, {"Kenh": _OTHER_CHANNEL.otherwise(pl.lit("tong_dai"))}),
)
SHARE = Share(spoilt=0.02, copied=0.002)


def write(root: Path, world: World) -> FeedKey:
    """Write the feedback as the platform holds it and return the answers."""
    planted = plant(feedback(world), DEFECTS, SHARE, feed=FEED, world=world)
    return write_table(root, TABLE, stamped(planted, "CapNhatLuc"))


def feedback(world: World) -> pl.DataFrame:
    """The table as text, by time of receipt, with ``block`` and ``nth``."""
    rows = arrivals(world, "feedback", PER_DAY, weekdays=(1, 1, 1, 1, 1, 0.8, 0.6), growth=GROWTH)
    received = rows["block"].to_numpy() + draws(world, "feedback received", rows)
    taken_up = received + 0.1 + draws(world, "feedback taken up", rows)
    answered = taken_up - MEAN_DAYS * np.log1p(-draws(world, "feedback answered", rows))
    is_done, is_taken = answered < world.now, taken_up < world.now
    done = np.where(draws(world, "feedback refused", rows) < REFUSED, "tu_choi", "da_tra_loi")
    status = np.where(is_done, done, np.where(is_taken, "dang_xu_ly", "moi_tiep_nhan"))
    changed = np.where(is_done, answered, np.where(is_taken, taken_up, received))
    rated = pick(draws(world, "satisfaction", rows), list(SATISFACTION.values()))
    is_rated = (status == "da_tra_loi") & (draws(world, "rated", rows) < RATED)
    fields = pick(draws(world, "field", rows), list(FIELDS.values()))
    channels = pick(draws(world, "feedback channel", rows), list(CHANNELS.values()))
    commune = pick(draws(world, "feedback commune", rows), list(world.people))
    number, day = (rows["nth"] + 1).cast(pl.String).str.zfill(5), stamp(received, "%y%m%d")
    named = pl.Series(draws(world, "anonymous", rows) >= ANONYMOUS)
    phone = pl.when(named).then(pl.format("0900{}", number))
    return rows.with_columns(
        pl.select(pl.format("PA-{}-{}", day, number)).to_series().alias("MaPhanAnh"),
        world.communes["code"].gather(commune).alias("MaXa"),
        pl.Series(list(FIELDS)).gather(fields).alias("LinhVuc"),
        pl.Series(list(CHANNELS)).gather(channels).alias("Kenh"),
        pl.select(phone).to_series().alias("SoDienThoai"),
        pl.Series("TrangThai", status),
        stamp(received).alias("TiepNhanLuc"),
        stamp(np.where(is_done, answered, np.nan)).alias("TraLoiLuc"),
        pl.select(pl.when(pl.Series(is_rated)).then(pl.Series(list(SATISFACTION)).gather(rated)))
        .to_series()
        .alias("MucHaiLong"),
        stamp(changed).alias("CapNhatLuc"),
    )
