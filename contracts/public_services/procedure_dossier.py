"""Dossiers of administrative procedures received and handled by the communes."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.formats import COMMUNE_CODE
from contracts.value_rules import exists_in, year_of_code


class ProcedureDossier(Contract):
    """One row per dossier, as it stands after its last change."""

    __contract__ = ContractInfo(
        dataset="public_services.procedure_dossier",
        version="2.0.0",
        title_vi="Hồ sơ thủ tục hành chính",
        title_en="Dossiers of administrative procedures",
        grain="one row per dossier",
        key=("dossier_code",),
        load_mode="upsert",
        publish="rows",
        basis="Decision 766/QD-TTg (2022): progress of handling dossiers (H32)",
    )
    __batch_rules__ = (
        year_of_code(
            "dossier_code",
            date="received_at",
            pattern=r"^[A-Z]\d{2}\.\d{2}-(\d{2})",
            message_vi="Năm trong mã hồ sơ phải là năm tiếp nhận hồ sơ",
        ),
        exists_in(
            "procedure_code",
            dataset="public_services.procedure",
            message_vi="Mã thủ tục không có trong danh mục thủ tục hành chính đã tiếp nhận",
        ),
    )

    dossier_code: str = column(
        vi="Mã hồ sơ", en="Dossier code", str_matches=r"^[A-Z]\d{2}\.\d{2}-\d{6}-\d{5}$"
    )
    procedure_code: str = column(vi="Mã thủ tục", en="Procedure code", str_matches=r"^\d\.\d{6}$")
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    applicant_name: str = column(vi="Người nộp", en="Applicant", personal=True)
    channel: str = column(vi="Hình thức nộp", en="Channel", isin=["online", "in_person", "postal"])
    status: str = column(
        vi="Trạng thái", en="Status", isin=["received", "processing", "done", "returned"]
    )
    received_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Thời điểm tiếp nhận", en="Received at", not_after_arrival=True
    )
    due_at: pl.Datetime("us") = column(vi="Hạn trả kết quả", en="Due at")  # type: ignore[valid-type]
    finished_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Thời điểm trả kết quả", en="Finished at", nullable=True, not_after_arrival=True
    )
    updated_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Cập nhật lần cuối", en="Last change", max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.finished_after_received",
        description="Thời điểm trả kết quả không được trước thời điểm tiếp nhận",
    )
    def finished_after_received(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(pl.col("finished_at") >= pl.col("received_at"))

    @pa.dataframe_check(
        error="complete.finished_when_done",
        description="Hồ sơ đã trả kết quả phải có thời điểm trả kết quả",
    )
    def finished_when_done(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            (pl.col("status") != "done") | pl.col("finished_at").is_not_null()
        )
