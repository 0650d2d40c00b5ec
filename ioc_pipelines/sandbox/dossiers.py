"""Which dossiers the communes would have received and handled. No defects yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from ioc_pipelines.sandbox.chance import sizes, stream

ROWS, DAYS = 20_000, 180
ON_TIME, RETURNED = 0.92, 0.06
STAMP = "%Y-%m-%d %H:%M:%S"
CHANNELS = {"truc_tuyen": 0.65, "truc_tiep": 0.30, "buu_chinh": 0.05}
WEEKDAYS = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.3, 0.1])  # Monday first
OPENS, OPEN_SECONDS, CLOSES = 27_000, 34_200, time(17)  # 07:30 to 17:00

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


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


def dossiers(communes: pl.DataFrame, *, as_of: date, seed: int) -> pl.DataFrame:
    """The table ``ho_so`` as text, by time of receipt; only due dates lie after ``as_of``.

    Columns: those of the table. Times are local, those of one dossier in their right order.
    """
    rng = stream(seed, "dossiers", as_of.toordinal())
    start = as_of - timedelta(days=DAYS)
    received = _received(start, rng)
    procedure = rng.choice(len(PROCEDURES), ROWS, p=[each.share for each in PROCEDURES])
    due = _due(start, received, procedure)
    finished = _finished(received, due, rng)
    status = _status(received, finished, rng)
    waiting = np.where(
        status == "moi_tiep_nhan", received, received + rng.random(ROWS) * (DAYS - received)
    )
    people = sizes(seed, "people", communes.height, spread=0.4)
    facts = pl.DataFrame(
        {
            "commune": rng.choice(communes.height, ROWS, p=people),
            "procedure": procedure,
            "channel": rng.choice(list(CHANNELS), ROWS, p=list(CHANNELS.values())),
            "status": status,
            "received": received,
            "due": due,
            "finished": pl.Series(np.where(finished < DAYS, finished, np.nan)).fill_nan(None),
            "updated": np.where(finished < DAYS, finished, waiting),
        }
    )
    return _as_text(facts, communes, start)


def _received(start: date, rng: np.random.Generator) -> Floats:
    """Moments of receipt in days since ``start``, in order.

    Here and below a day is one of opening hours: its fraction runs from opening to closing time.
    """
    weights = WEEKDAYS[(start.weekday() + np.arange(DAYS)) % 7]
    days = rng.choice(DAYS, ROWS, p=weights / weights.sum())
    return np.sort(days + rng.random(ROWS))


def _due(start: date, received: Floats, procedure: Integers) -> Integers:
    """The day each dossier is due, in days since ``start``: its limit in working days later."""
    limits = np.array([each.working_days for each in PROCEDURES])[procedure]
    day = np.datetime64(start) + received.astype(np.int64)
    due = np.busday_offset(day, limits, roll="backward")
    return np.asarray((due - np.datetime64(start)).astype(np.int64))


def _finished(received: Floats, due: Integers, rng: np.random.Generator) -> Floats:
    """When each dossier is or will be finished: ``ON_TIME`` of them before their day is over."""
    closing = due + 1.0
    early = received + (closing - received) * rng.uniform(0.15, 0.999, ROWS)
    late = closing + rng.exponential(3.0, ROWS)
    return np.where(rng.random(ROWS) < ON_TIME, early, late)


def _status(received: Floats, finished: Floats, rng: np.random.Generator) -> npt.NDArray[np.str_]:
    done = np.where(rng.random(ROWS) < RETURNED, "tra_lai", "da_tra")
    fresh = (DAYS - received < 1) & (rng.random(ROWS) < 0.8)
    return np.where(finished < DAYS, done, np.where(fresh, "moi_tiep_nhan", "dang_xu_ly"))


def _as_text(facts: pl.DataFrame, communes: pl.DataFrame, start: date) -> pl.DataFrame:
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5)
    office = (10 + pl.col("commune") % 90).cast(pl.String)  # two digits, so some share one
    received = _moment("received", start)
    codes = pl.Series([each.code for each in PROCEDURES])
    closes = datetime.combine(start, CLOSES)
    return facts.select(
        pl.format("H31.{}-{}-{}", office, received.dt.strftime("%y%m%d"), number).alias("ma_ho_so"),
        codes.gather(facts["procedure"]).alias("ma_thu_tuc"),
        communes["code"].gather(facts["commune"]).alias("ma_xa"),
        pl.format("Người nộp {}", number).alias("nguoi_nop"),
        pl.format("09000{}", number).alias("so_dien_thoai"),
        pl.col("channel").alias("hinh_thuc"),
        pl.col("status").alias("trang_thai"),
        received.dt.strftime(STAMP).alias("tiep_nhan_luc"),
        (pl.lit(closes) + pl.duration(days="due")).dt.strftime(STAMP).alias("han_tra"),
        _moment("finished", start).dt.strftime(STAMP).alias("tra_luc"),
        _moment("updated", start).dt.strftime(STAMP).alias("cap_nhat_luc"),
    )


def _moment(column: str, start: date) -> pl.Expr:
    """Days of opening hours since ``start`` as a timestamp; keeps their order."""
    day = pl.col(column).floor()
    second = OPENS + (pl.col(column) - day) * OPEN_SECONDS
    midnight = pl.lit(datetime.combine(start, time()))
    return midnight + pl.duration(days=day.cast(pl.Int64), seconds=second.cast(pl.Int64))
