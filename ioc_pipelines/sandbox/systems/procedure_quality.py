"""What the office drops on the quality of service: a workbook a month, a row for each commune.

Magnitude: about 400 procedures at a commune's desk, 300 results and 40 ratings a month: assumed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.chance import Floats, uniform
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    YEARS_AGO,
    Defect,
    Share,
    moved,
)
from ioc_pipelines.sandbox.events import filed
from ioc_pipelines.sandbox.form import DATE, Cells, Form
from ioc_pipelines.sandbox.monthly import drop_forms
from ioc_pipelines.sandbox.world import World

FEED = "van_phong_ubnd/public_services.procedure_quality_monthly"
SHEET, FILE = "Chỉ số 766", "van_phong_ubnd/chi-so-766-%Y-%m.xlsx"
FORM = Form(
    agency="VĂN PHÒNG UBND TỈNH HƯNG YÊN",
    title="SỐ LIỆU CHẤT LƯỢNG PHỤC VỤ NGƯỜI DÂN, DOANH NGHIỆP",
    columns=(
        Cells("commune_code", "Mã xã", "code"),
        Cells("commune", "Xã, phường", "text"),
        Cells("procedures", "Thủ tục phải công khai", "whole", summed=True),
        Cells("published", "Công khai đúng hạn", "whole", summed=True),
        Cells("results", "Kết quả đã trả", "whole", summed=True),
        Cells("digital", "Kết quả số hóa", "whole", summed=True),
        Cells("ratings", "Phiếu đánh giá", "whole", summed=True),
        Cells("satisfied", "Phiếu hài lòng", "whole", summed=True),
        Cells("reported_on", "Ngày báo cáo", "day"),
    ),
)
FILED_AFTER_DAYS = 5
PROCEDURES, RESULTS, RATINGS = (380, 430), (150, 450), (12, 70)
# the least and the most of the part, and how much better a year later
PUBLISHED, DIGITAL, SATISFIED = (0.90, 1.0), (0.55, 0.85), (0.80, 0.98)
BETTER_A_YEAR = 0.06


def _one_above(column: str) -> pl.Expr:
    return (pl.col(column).cast(pl.Int64) + 1).cast(pl.String)


DEFECTS = (
    Defect(REQUIRED, "results", {"results": NOTHING}),
    Defect("correct.reference", "commune_code", {"commune_code": UNKNOWN_COMMUNE}),
    Defect("correct.readable", "ratings", {"ratings": pl.lit("chưa có")}),
    Defect("correct.min", "ratings_satisfied", {"satisfied": pl.lit("-1")}),
    Defect("correct.published_within_procedures", None, {"published": _one_above("procedures")}),
    Defect("correct.digital_within_results", None, {"digital": _one_above("results")}),
    Defect("correct.satisfied_within_ratings", None, {"satisfied": _one_above("ratings")}),
    Defect(
        "correct.not_future",
        "reported_on",
        {"reported_on": moved("reported_on", DECADE_AHEAD, DATE)},
    ),
    Defect("live.max_age", "reported_on", {"reported_on": moved("reported_on", YEARS_AGO, DATE)}),
    Defect(KEY_UNIQUE, None, {"results": _one_above("results")}),
)
SHARE = Share(spoilt=0.02, copied=0.002)


def write(root: Path, world: World) -> FeedKey:
    """Write the workbooks below ``root`` and return their answers."""
    return drop_forms(
        root,
        world,
        feed=FEED,
        rows=reports(world),
        defects=DEFECTS,
        share=SHARE,
        form=FORM,
        sheet=SHEET,
        file=FILE,
        period="Tháng <m> năm %Y",
    )


def reports(world: World) -> pl.DataFrame:
    """The true counts as text, by month and commune."""
    communes = world.communes.with_row_index("number")
    months = pl.DataFrame({"period": world.months})
    rows = filed(months.join(communes, how="cross"), FILED_AFTER_DAYS, world)
    commune, block = rows["number"].to_numpy(), rows["block"].to_numpy()
    years = (block - block.min()) / 365.25

    def between(ends: tuple[float, float], purpose: str) -> Floats:
        low, high = ends
        return low + (high - low) * uniform(world.seed, f"766 {purpose}", commune, block)

    def part(whole: pl.Series, ends: tuple[float, float], purpose: str) -> pl.Series:
        share = np.minimum(between(ends, purpose) + BETTER_A_YEAR * years, 1.0)
        return (whole * pl.Series(share)).floor().cast(pl.Int64)

    procedures, results, ratings = (
        pl.Series(np.rint(between(ends, purpose))).cast(pl.Int64)
        for ends, purpose in (
            (PROCEDURES, "procedures"),
            (RESULTS, "results"),
            (RATINGS, "ratings"),
        )
    )
    counts = {
        "procedures": procedures,
        "published": part(procedures, PUBLISHED, "published"),
        "results": results,
        "digital": part(results, DIGITAL, "digital"),
        "ratings": ratings,
        "satisfied": part(ratings, SATISFIED, "satisfied"),
    }
    reported = (rows["block"] * 86_400_000_000).cast(pl.Datetime("us")).dt.strftime(DATE)
    return rows.select("period", "block", "nth").with_columns(
        *(values.cast(pl.String).alias(name) for name, values in counts.items()),
        reported.alias("reported_on"),
        commune_code=rows["code"],
        commune=rows["full_name"],
    )
