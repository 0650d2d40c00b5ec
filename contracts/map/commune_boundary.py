"""Boundaries of communes, as the land administration publishes them each quarter."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import ContractInfo, column
from contracts.formats import COMMUNE_CODE, QUARTER
from contracts.geometry import Located, is_of_type


class CommuneBoundary(Located):
    """One row per edition of the map and commune."""

    __contract__ = ContractInfo(
        dataset="map.commune_boundary",
        version="1.0.0",
        title_vi="Ranh giới hành chính cấp xã",
        title_en="Boundaries of communes",
        grain="one row per edition of the map and commune",
        key=("edition", "commune_code"),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.a: digital map layers (H26); RFC 7946 GeoJSON; "
        "Decree 27/2019/ND-CP on surveying and mapping counts boundaries to the geographic base "
        "data. The columns are those of the public boundary files",
        period_column="edition",
    )

    edition: str = column(vi="Kỳ ban hành bản đồ", en="Edition of the map", str_matches=QUARTER)
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    commune_name: str = column(vi="Tên xã/phường", en="Name of the commune")
    area_km2: float = column(
        vi="Diện tích tự nhiên", en="Area as published", unit="km²", in_range=(0.1, 3_000)
    )

    @pa.dataframe_check(
        error="correct.geometry_is_area",
        description="Ranh giới hành chính phải là vùng (Polygon hoặc MultiPolygon)",
    )
    def geometry_is_area(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(is_of_type("geometry", "Polygon", "MultiPolygon"))
