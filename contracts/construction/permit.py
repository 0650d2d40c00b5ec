"""Construction permits issued in the province."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.formats import COMMUNE_CODE
from contracts.value_rules import year_of_code


class Permit(Contract):
    """One row per permit, as it stands after its last change."""

    __contract__ = ContractInfo(
        dataset="construction.permit",
        version="2.0.0",
        title_vi="Giấy phép xây dựng",
        title_en="Construction permits",
        grain="one row per permit",
        key=("permit_no",),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b: digitised construction permits (H29)",
    )
    __batch_rules__ = (
        year_of_code(
            "permit_no",
            date="issued_on",
            pattern=r"/(\d{4})/GPXD$",
            message_vi="Năm trong số giấy phép phải là năm cấp phép",
        ),
    )

    permit_no: str = column(
        vi="Số giấy phép", en="Permit number", str_matches=r"^\d{1,5}/\d{4}/GPXD$"
    )
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    kind: str = column(
        vi="Loại công trình",
        en="Kind of works",
        isin=["new_house", "repair", "works", "extension"],
    )
    applicant: str = column(vi="Chủ đầu tư", en="Applicant", personal=True)
    floor_area_m2: float = column(vi="Diện tích sàn", en="Floor area", unit="m²", gt=0)
    floors: int = column(vi="Số tầng", en="Floors", unit="tầng", in_range=(1, 60))
    issued_on: pl.Date = column(vi="Ngày cấp", en="Day issued", not_after_arrival=True)
    expires_on: pl.Date = column(vi="Ngày hết hạn", en="Day of expiry")
    updated_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Cập nhật lần cuối", en="Last change", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.expires_after_issued",
        description="Ngày hết hạn phải sau ngày cấp",
    )
    def expires_after_issued(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(pl.col("expires_on") > pl.col("issued_on"))
