"""What the education department drops: one workbook a school year, a sheet for each level.

Magnitude: about 1,050 schools and 760,000 pupils, assumed from the size of the province; classes
of 28 to 42.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey, RefusedRow, refused_in_file
from ioc_pipelines.sandbox.chance import pick, uniform
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    Defect,
    Share,
    moved,
    plant,
)
from ioc_pipelines.sandbox.drop import put
from ioc_pipelines.sandbox.form import DATE, Cells, Form, workbook
from ioc_pipelines.sandbox.world import World, number

FEED = "so_giao_duc/education.school"
FILE = "so_giao_duc/truong-hoc-{year}-{next}.xlsx"
FORM = Form(
    agency="ỦY BAN NHÂN DÂN TỈNH HƯNG YÊN – SỞ GIÁO DỤC VÀ ĐÀO TẠO",
    title="THỐNG KÊ TRƯỜNG, LỚP, HỌC SINH, GIÁO VIÊN",
    columns=(
        Cells("school_code", "Mã trường", "code"),
        Cells("school_name", "Tên trường", "text"),
        Cells("commune_code", "Mã xã", "code"),
        Cells("classes", "Số lớp", "whole", summed=True),
        Cells("pupils", "Số học sinh", "whole", summed=True),
        Cells("teachers", "Số giáo viên", "whole", summed=True),
        Cells("reported_on", "Ngày báo cáo", "day"),
    ),
)
# level: sheet, how many, classes in each, pupils a class, teachers a class
LEVELS = (
    ("Mầm non", "Trường mầm non", 330, 14, 28, 1.9),
    ("Tiểu học", "Trường tiểu học", 320, 21, 33, 1.4),
    ("THCS", "Trường THCS", 320, 15, 38, 1.9),
    ("THPT", "Trường THPT", 70, 30, 42, 2.2),
)
REPORTED = (9, 25)  # month and day

_MANY = (pl.col("classes").cast(pl.Int64) * 60 + 1).cast(pl.String)
_MORE = (pl.col("pupils").cast(pl.Int64) + 1).cast(pl.String)
DEFECTS = (
    Defect(REQUIRED, "school_name", {"school_name": NOTHING}),
    Defect(REQUIRED, "pupils", {"pupils": NOTHING}),
    Defect("correct.reference", "commune_code", {"commune_code": UNKNOWN_COMMUNE}),
    Defect("correct.readable", "teachers", {"teachers": pl.lit("đang tuyển")}),
    Defect("correct.min", "teachers", {"teachers": pl.lit("0")}),
    Defect("correct.pupils_fit_classes", None, {"pupils": _MANY}),
    Defect(
        "correct.not_future",
        "reported_on",
        {"reported_on": moved("reported_on", DECADE_AHEAD, DATE)},
    ),
    Defect("clean.format", "school_code", {"school_code": pl.format("TH{}", "school_code")}),
    Defect(KEY_UNIQUE, None, {"pupils": _MORE}),
)
SHARE = Share(spoilt=0.025, copied=0.002)


def write(root: Path, world: World) -> FeedKey:
    """Write the workbooks below ``root`` and return their answers."""
    planted = plant(schools(world), DEFECTS, SHARE, feed=FEED, world=world)
    refused: list[RefusedRow] = []
    for (year,), rows in planted.group_by("year", maintain_order=True):
        path = FILE.format(year=year, next=int(year) + 1)
        parts = {str(sheet): part for (sheet,), part in rows.group_by("sheet", maintain_order=True)}
        filed = date(int(year), *REPORTED)
        period = f"Năm học {year}-{int(year) + 1}"
        content = workbook(FORM, period, parts, filed=filed, number=int(year))
        put(root / path, content, number(filed), world)
        for sheet, part in parts.items():
            refused += refused_in_file(part, path, first_row=FORM.first_row, sheet=sheet)
    return FeedKey.of(planted, refused)


def schools(world: World) -> pl.DataFrame:
    """The true figures as text, by school year, level and school."""
    first, last = world.first_day.year, world.as_of.year
    years = [year for year in range(first, last + 1) if _is_known(date(year, *REPORTED), world)]
    return pl.concat(_year(world, year) for year in years)


def _is_known(reported: date, world: World) -> bool:
    return world.first_day <= reported < world.as_of


def _year(world: World, year: int) -> pl.DataFrame:
    levels = [_level(world, year, index) for index in range(len(LEVELS))]
    rows = pl.concat(levels)
    reported = date(year, *REPORTED)
    return rows.with_columns(
        block=pl.lit(number(reported), pl.Int64),
        nth=pl.int_range(pl.len()),
        year=pl.lit(year),
        reported_on=pl.lit(f"{reported:{DATE}}"),
    )


def _level(world: World, year: int, index: int) -> pl.DataFrame:
    sheet, kind, count, classes_each, pupils_each, teachers_each = LEVELS[index]
    nth = np.arange(count)
    commune = np.where(
        nth < world.communes.height,
        nth % world.communes.height,
        pick(uniform(world.seed, f"{sheet} commune", nth), list(world.people)),
    )
    size = 0.6 + 0.8 * uniform(world.seed, f"{sheet} size", nth)
    classes = np.maximum(np.rint(classes_each * size), 1).astype(np.int64)
    fill = 0.9 + 0.2 * uniform(world.seed, f"{sheet} pupils", nth, year)
    pupils = np.rint(classes * pupils_each * fill).astype(np.int64)
    teachers = np.rint(classes * teachers_each).astype(np.int64)
    code = pl.Series(33_000_000 + (index + 1) * 100_000 + nth + 1).cast(pl.String)
    ordinal = pl.Series(nth // world.communes.height + 1)
    name = world.communes["name"].gather(commune)
    return pl.DataFrame(
        {
            "sheet": [sheet] * count,
            "school_code": code,
            "school_name": pl.select(pl.format(f"{kind} {{}} {{}}", name, ordinal)).to_series(),
            "commune_code": world.communes["code"].gather(commune),
            "classes": pl.Series(classes).cast(pl.String),
            "pupils": pl.Series(pupils).cast(pl.String),
            "teachers": pl.Series(teachers).cast(pl.String),
        }
    )
