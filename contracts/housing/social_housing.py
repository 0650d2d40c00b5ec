"""Social housing projects, quarterly figures of the construction department."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.batch_rules import accumulates, coverage_kept
from contracts.formats import COMMUNE_CODE, QUARTER


class SocialHousing(Contract):
    """One row per quarter and project; counts are from the start of the project.

    A developer is an organisation. Who buys or rents a home is not asked for: no column can hold
    a person.
    """

    __contract__ = ContractInfo(
        dataset="housing.social_housing",
        version="1.0.0",
        title_vi="Nhà ở xã hội theo dự án",
        title_en="Social housing by project",
        grain="one row per quarter and project",
        key=("period", "project_code"),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b: housing (H30); subject matter of Decree "
        "94/2024/ND-CP on the information system of housing and the real estate market, whose "
        "annexed forms were not at hand: the columns are the project's own",
        period_column="period",
    )
    __batch_rules__ = (
        accumulates(
            ["units_finished"],
            by=["project_code"],
            period="period",
            every="quarter",
            message_vi="Số căn hoàn thành lũy kế của dự án giảm so với quý trước",
        ),
        coverage_kept(
            ["project_code"],
            message_vi="Có dự án đã báo cáo lần trước nay không còn trong biểu",
        ),
    )

    period: str = column(vi="Quý báo cáo", en="Quarter reported", str_matches=QUARTER)
    project_code: str = column(vi="Mã dự án", en="Project code", str_matches=r"^NOXH-\d{3}$")
    project_name: str = column(vi="Tên dự án", en="Name of the project")
    developer: str = column(
        vi="Chủ đầu tư", en="Developer, an organisation", str_matches=r"^(Công ty|Liên danh|Ban) "
    )
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    status: str = column(
        vi="Tình trạng dự án",
        en="State of the project",
        isin=["preparing", "under_construction", "finished"],
    )
    land_area_m2: float = column(vi="Diện tích đất", en="Land area", unit="m²", gt=0)
    floor_area_m2: float = column(
        vi="Tổng diện tích sàn nhà ở", en="Floor area of the homes", unit="m²", gt=0
    )
    units_planned: int = column(vi="Số căn theo quy hoạch", en="Homes planned", unit="căn", ge=1)
    units_started: int = column(vi="Số căn đã khởi công", en="Homes started", unit="căn", ge=0)
    units_finished: int = column(vi="Số căn hoàn thành", en="Homes finished", unit="căn", ge=0)
    units_sold: int = column(vi="Số căn đã bán", en="Homes sold", unit="căn", ge=0)
    units_let: int = column(
        vi="Số căn cho thuê, cho thuê mua", en="Homes let, or let with purchase", unit="căn", ge=0
    )
    price_vnd_per_m2: int = column(
        vi="Giá bán bình quân",
        en="Mean price, empty before it is approved",
        unit="đồng/m²",
        nullable=True,
        in_range=(3_000_000, 60_000_000),
    )
    reported_on: pl.Date = column(
        vi="Ngày chốt số liệu",
        en="Day the figures were closed",
        not_after_arrival=True,
        max_age_days=800,
    )

    @pa.dataframe_check(
        error="correct.started_within_planned",
        description="Số căn đã khởi công không được lớn hơn số căn theo quy hoạch",
    )
    def started_within_planned(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(pl.col("units_started") <= pl.col("units_planned"))

    @pa.dataframe_check(
        error="correct.finished_within_started",
        description="Số căn hoàn thành không được lớn hơn số căn đã khởi công",
    )
    def finished_within_started(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        # that a negative number is wrong is said by its own rule
        return data.lazyframe.select(
            (pl.col("units_started") < 0) | (pl.col("units_finished") <= pl.col("units_started"))
        )

    @pa.dataframe_check(
        error="correct.taken_within_planned",
        description="Tổng số căn đã bán, cho thuê không được lớn hơn số căn theo quy hoạch",
    )
    def taken_within_planned(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            (pl.col("units_planned") < 1)
            | (pl.col("units_sold") + pl.col("units_let") <= pl.col("units_planned"))
        )

    @pa.dataframe_check(
        error="correct.area_fits_homes",
        description="Diện tích sàn bình quân mỗi căn phải từ 25 đến 100 m²; "
        "kiểm tra lại đơn vị tính hoặc số căn",
    )
    def area_fits_homes(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        mean = pl.col("floor_area_m2") / pl.col("units_planned")
        is_wrong = (pl.col("floor_area_m2") <= 0) | (pl.col("units_planned") < 1)
        return data.lazyframe.select(is_wrong | mean.is_between(25, 100))
