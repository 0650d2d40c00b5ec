"""Points of interest: where the public finds offices, care, markets, culture."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import ContractInfo, column
from contracts.formats import COMMUNE_CODE
from contracts.geometry import Located, is_of_type


class PointOfInterest(Located):
    """One row per point; the whole list comes each time."""

    __contract__ = ContractInfo(
        dataset="map.point_of_interest",
        version="1.0.0",
        title_vi="Điểm quan tâm trên bản đồ",
        title_en="Points of interest",
        grain="one row per point of interest",
        key=("poi_code",),
        load_mode="snapshot",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.a: digital map layers, points of interest (H26); "
        "RFC 7946 GeoJSON. No form is prescribed: the columns are the project's own",
    )

    poi_code: str = column(vi="Mã điểm", en="Point code", str_matches=r"^DQT-\d{5}$")
    poi_name: str = column(vi="Tên điểm", en="Name of the point")
    kind: str = column(
        vi="Loại điểm",
        en="Kind of point",
        isin=[
            "government_office",
            "health_facility",
            "market",
            "heritage_site",
            "sports_ground",
            "bus_stop",
            "police_post",
        ],
    )
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    surveyed_on: pl.Date = column(vi="Ngày khảo sát", en="Day surveyed", not_after_arrival=True)

    @pa.dataframe_check(
        error="correct.geometry_is_point",
        description="Điểm quan tâm phải là một điểm (Point)",
    )
    def geometry_is_point(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(is_of_type("geometry", "Point"))
