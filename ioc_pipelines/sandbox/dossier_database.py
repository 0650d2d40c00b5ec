"""The dossier system of the People's Committee office: a SQLite database with planted defects."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import polars as pl

from contracts.base import REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey, refused_in_table
from ioc_pipelines.sandbox.chance import stream
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    MARKS,
    NOTHING,
    UNKNOWN_COMMUNE,
    YEARS_AGO,
    Defect,
    moved,
    plant,
)
from ioc_pipelines.sandbox.dossiers import STAMP, dossiers

FEED = "van_phong_ubnd/public_services.procedure_dossier"
FILE = "van_phong_ubnd/ho_so.db"
_TABLE = """
CREATE TABLE ho_so (
    ma_ho_so TEXT PRIMARY KEY, ma_thu_tuc TEXT, ma_xa TEXT, nguoi_nop TEXT, so_dien_thoai TEXT,
    hinh_thuc TEXT, trang_thai TEXT, tiep_nhan_luc TEXT, han_tra TEXT, tra_luc TEXT,
    cap_nhat_luc TEXT
)
"""
_INDEX = "CREATE INDEX ho_so_cap_nhat_luc ON ho_so (cap_nhat_luc)"

_DONE = pl.col("trang_thai") == "da_tra"
_OPEN = pl.col("tra_luc").is_null()
_IN_WORK = pl.col("trang_thai") == "dang_xu_ly"
_AHEAD = {name: moved(name, DECADE_AHEAD, STAMP) for name in ("tiep_nhan_luc", "han_tra")}
_AGO = {
    name: moved(name, YEARS_AGO, STAMP) for name in ("tiep_nhan_luc", "han_tra", "cap_nhat_luc")
}
_CODE_OF_THEN = pl.concat_str(
    pl.col("ma_ho_so").str.slice(0, 7),
    _AGO["tiep_nhan_luc"].str.to_datetime(STAMP).dt.strftime("%y%m%d"),
    pl.col("ma_ho_so").str.slice(13),
)
_NO_DOT = pl.col("ma_thu_tuc").str.replace(".", "", literal=True)
_DASHED = pl.col("ma_ho_so").str.replace(".", "-", literal=True)
_OTHER_FORM = pl.col("han_tra").str.to_datetime(STAMP).dt.strftime("%d/%m/%Y %H:%M")
# The watermark cap_nhat_luc is never empty or unreadable: such a row would not be fetched at all.
DEFECTS = (
    Defect(REQUIRED, "applicant_name", 30, {"nguoi_nop": NOTHING}),
    Defect(REQUIRED, "due_at", 15, {"han_tra": NOTHING}),
    Defect(REQUIRED, "commune_code", 15, {"ma_xa": NOTHING}),
    Defect(REQUIRED, "procedure_code", 10, {"ma_thu_tuc": NOTHING}),
    Defect("complete.finished_when_done", None, 25, {"tra_luc": NOTHING}, where=_DONE),
    Defect("correct.readable", "due_at", 10, {"han_tra": _OTHER_FORM}),
    Defect("correct.readable", "received_at", 10, {"tiep_nhan_luc": pl.lit("0000-00-00 00:00:00")}),
    Defect("correct.reference", "commune_code", 30, {"ma_xa": UNKNOWN_COMMUNE}),
    Defect("correct.enum", "channel", 15, {"hinh_thuc": pl.lit("qua_mang")}),
    Defect("correct.enum", "status", 15, {"trang_thai": pl.lit("cho_bo_sung")}, where=_OPEN),
    Defect("correct.not_future", "received_at", 10, _AHEAD, where=_OPEN),
    Defect(
        "correct.not_future",
        "finished_at",
        10,
        {"tra_luc": moved("tra_luc", DECADE_AHEAD, STAMP)},
        where=_DONE,
    ),
    Defect(
        "correct.finished_after_received",
        None,
        30,
        {"tra_luc": moved("tiep_nhan_luc", "-1d", STAMP)},
        where=_DONE,
    ),
    Defect("clean.format", "dossier_code", 25, {"ma_ho_so": _DASHED}),
    Defect("clean.format", "procedure_code", 25, {"ma_thu_tuc": _NO_DOT}),
    Defect("live.max_age", "updated_at", 25, {**_AGO, "ma_ho_so": _CODE_OF_THEN}, where=_IN_WORK),
)


def write(root: Path, communes: pl.DataFrame, *, as_of: date, seed: int) -> FeedKey:
    """Write the database below ``root`` and return the answers."""
    rng = stream(seed, "dossier defects", as_of.toordinal())
    true = dossiers(communes, as_of=as_of, seed=seed)
    planted = plant(true, DEFECTS, duplicates=0, rng=rng)
    path = root / FILE
    path.parent.mkdir(parents=True)
    _store(path, planted.drop(MARKS))
    return FeedKey.of(planted, refused_in_table(planted, FILE, key="ma_ho_so"))


def _store(path: Path, rows: pl.DataFrame) -> None:
    places = ", ".join("?" * rows.width)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_TABLE)
        database.executemany(f"INSERT INTO ho_so VALUES ({places})", rows.iter_rows())
        database.execute(_INDEX)
