"""Urban technical infrastructure: where it is, what state it is in, who looks after it."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import ContractInfo, column
from contracts.formats import COMMUNE_CODE
from contracts.geometry import Located, is_of_type

_LINES = ("LineString", "MultiLineString")
_AREAS = ("Polygon", "MultiPolygon")
SHAPES = {
    "power": ("Point", *_LINES),
    "road": _LINES,
    "school": ("Point", *_AREAS),
    "station": ("Point", *_AREAS),
    "tree": ("Point",),
    "water": ("Point", *_LINES),
    "drainage": ("Point", *_LINES),
}
"""Kinds of asset (Hung Yen 1062/2025, art. 5.5.c) and how each may be drawn."""


class Asset(Located):
    """One row per asset; the whole inventory comes each time."""

    __contract__ = ContractInfo(
        dataset="infrastructure.asset",
        version="1.0.0",
        title_vi="Công trình hạ tầng kỹ thuật đô thị",
        title_en="Urban technical infrastructure",
        grain="one row per asset",
        key=("asset_code",),
        load_mode="snapshot",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.c: power, roads, schools, stations, trees, water, "
        "drainage (H33); RFC 7946 GeoJSON. No form is prescribed: the columns are "
        "the project's own",
    )

    asset_code: str = column(vi="Mã công trình", en="Asset code", str_matches=r"^HT-\d{5}$")
    asset_name: str = column(vi="Tên công trình", en="Name of the asset")
    kind: str = column(vi="Loại công trình", en="Kind of asset", isin=list(SHAPES))
    state: str = column(
        vi="Tình trạng",
        en="State",
        isin=["in_use", "under_construction", "under_repair", "damaged", "out_of_use"],
    )
    managed_by: str = column(
        vi="Cơ quan quản lý",
        en="Agency that looks after it, an organisation",
        str_matches=r"^(Công ty|Ban|Sở|Trung tâm|UBND|Xí nghiệp) ",
    )
    built_in: int = column(
        vi="Năm đưa vào sử dụng",
        en="Year it was taken into use, empty while it is being built",
        nullable=True,
        in_range=(1900, 2100),
    )
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    inspected_on: pl.Date = column(
        vi="Ngày kiểm tra gần nhất",
        en="Day of the last inspection",
        not_after_arrival=True,
        max_age_days=1_500,
    )

    @pa.dataframe_check(
        error="correct.geometry_fits_kind",
        description="Hình học không phù hợp với loại công trình: đường là tuyến (LineString), cây "
        "là điểm (Point), trường học và nhà ga là điểm hoặc vùng, điện, cấp nước và thoát nước là "
        "điểm hoặc tuyến",
    )
    def geometry_fits_kind(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        fits = [
            (pl.col("kind") == kind) & is_of_type("geometry", *types)
            for kind, types in SHAPES.items()
        ]
        is_listed = pl.col("kind").is_in(list(SHAPES))
        return data.lazyframe.select(~is_listed | pl.any_horizontal(fits))
