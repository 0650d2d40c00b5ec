"""What the health department drops monthly: one CSV file, a line for each commune, with defects.

Magnitude: half a visit a head and year at the communes' stations, assumed; more in winter.
"""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED
from ioc_pipelines.sandbox.answer_key import FeedKey, RefusedRow, refused_in_file
from ioc_pipelines.sandbox.chance import uniform
from ioc_pipelines.sandbox.defects import (
    DECADE_AHEAD,
    NOTHING,
    UNKNOWN_COMMUNE,
    YEARS_AGO,
    Defect,
    Share,
    moved,
    plant,
)
from ioc_pipelines.sandbox.drop import put
from ioc_pipelines.sandbox.events import filed
from ioc_pipelines.sandbox.systems.resident import PEOPLE
from ioc_pipelines.sandbox.world import EPOCH, World, number

FEED = "so_y_te/health.commune_monthly"
FILE, DATE = "so_y_te/bao-cao-thang/bao-cao-%Y-%m.csv", "%d/%m/%Y"
FILED_AFTER_DAYS = 4
# a month's count per head
COUNTS = {
    "Lượt khám": 0.5 / 12,
    "Ngày điều trị nội trú": 0.05 / 12,
    "Số sinh": 0.004 / 12,
    "Khám thai": 0.03 / 12,
    "Trẻ thuộc diện tiêm": 0.012 / 12,
    "Tử vong": 0.001 / 12,
}
SEASON = np.array([1.2, 1.15, 1.1, 1.0, 0.95, 0.9, 0.9, 0.95, 1.0, 1.0, 1.05, 1.15])
VACCINATED = 0.95
HEADER = (
    "Tháng", "Mã xã", "Tên xã", "Lượt khám", "Ngày điều trị nội trú", "Số sinh", "Khám thai",
    "Trẻ thuộc diện tiêm", "Trẻ tiêm đủ", "Tử vong", "Ngày báo cáo",
)  # fmt: skip

_MORE_THAN_DUE = (pl.col("Trẻ thuộc diện tiêm").cast(pl.Int64) + 1).cast(pl.String)
_ONE_MORE = (pl.col("Lượt khám").cast(pl.Int64) + 1).cast(pl.String)
_AHEAD, _AGO = (moved("Ngày báo cáo", by, DATE) for by in (DECADE_AHEAD, YEARS_AGO))
DEFECTS = (
    Defect(REQUIRED, "outpatient_visits", {"Lượt khám": NOTHING}),
    Defect(REQUIRED, "commune_code", {"Mã xã": NOTHING}, one_per="Tháng"),
    Defect("correct.reference", "commune_code", {"Mã xã": UNKNOWN_COMMUNE}),
    Defect("correct.readable", "births", {"Số sinh": pl.lit("hai")}),
    Defect("correct.min", "deaths", {"Tử vong": pl.lit("-1")}),
    Defect("correct.vaccinated_within_due", None, {"Trẻ tiêm đủ": _MORE_THAN_DUE}),
    Defect("correct.not_future", "reported_on", {"Ngày báo cáo": _AHEAD}),
    Defect("live.max_age", "reported_on", {"Ngày báo cáo": _AGO}),
    Defect(KEY_UNIQUE, None, {"Lượt khám": _ONE_MORE}),
)
SHARE = Share(spoilt=0.03, copied=0.002)


def write(root: Path, world: World) -> FeedKey:
    """Write one CSV file a month below ``root`` and return the answers."""
    planted = plant(reports(world), DEFECTS, SHARE, feed=FEED, world=world)
    refused: list[RefusedRow] = []
    for (day,), rows in planted.group_by("filed", maintain_order=True):
        path = f"{rows['period'][0]:{FILE}}"
        buffer = io.BytesIO()
        rows.select(HEADER).write_csv(
            buffer, separator=";", include_bom=True, line_terminator="\r\n"
        )
        put(root / path, buffer.getvalue(), number(EPOCH + timedelta(days=day)), world)
        refused += refused_in_file(rows, path, first_row=2)
    return FeedKey.of(planted, refused)


def reports(world: World) -> pl.DataFrame:
    """The true counts as text, by month and commune."""
    communes = world.communes.with_row_index("number")
    months = pl.DataFrame({"period": world.months})
    rows = filed(months.join(communes, how="cross"), FILED_AFTER_DAYS, world)
    commune, block = rows["number"].to_numpy(), rows["block"].to_numpy()
    people = PEOPLE * world.people[commune] * SEASON[rows["period"].dt.month().to_numpy() - 1]

    def count(share: float, purpose: str) -> pl.Series:
        factor = 0.8 + 0.4 * uniform(world.seed, f"health {purpose}", commune, block)
        return pl.Series(np.rint(people * share * factor)).cast(pl.Int64)

    counts = {name: count(share, name) for name, share in COUNTS.items()}
    protected = VACCINATED - 0.1 * uniform(world.seed, "vaccinated", commune, block)
    counts["Trẻ tiêm đủ"] = (counts["Trẻ thuộc diện tiêm"] * pl.Series(protected)).floor()
    reported = (rows["block"] * 86_400_000_000).cast(pl.Datetime("us")).dt.strftime(DATE)
    return rows.with_columns(
        *(values.cast(pl.Int64).cast(pl.String).alias(name) for name, values in counts.items()),
        reported.alias("Ngày báo cáo"),
        filed="block",
        **{
            "Tháng": pl.col("period").dt.strftime("%m/%Y"),
            "Mã xã": pl.col("code"),
            "Tên xã": pl.col("full_name"),
        },
    )
