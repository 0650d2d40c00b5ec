"""Feedback of people and businesses, as the province's feedback system has it."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.formats import COMMUNE_CODE
from contracts.value_rules import year_of_code


class CitizenFeedback(Contract):
    """One row per message, as it stands after its last change."""

    __contract__ = ContractInfo(
        dataset="public_services.citizen_feedback",
        version="2.0.0",
        title_vi="Phản ánh, kiến nghị của người dân và doanh nghiệp",
        title_en="Feedback of people and businesses",
        grain="one row per message",
        key=("feedback_code",),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b: feedback of the people (H32, H43, H52)",
    )
    __batch_rules__ = (
        year_of_code(
            "feedback_code",
            date="received_at",
            pattern=r"^PA-(\d{2})",
            message_vi="Năm trong mã phản ánh phải là năm tiếp nhận",
        ),
    )

    feedback_code: str = column(
        vi="Mã phản ánh", en="Message code", str_matches=r"^PA-\d{6}-\d{5}$"
    )
    commune_code: str = column(
        vi="Mã xã/phường",
        en="Commune code",
        references="admin_unit.commune",
        str_matches=COMMUNE_CODE,
    )
    field: str = column(
        vi="Lĩnh vực",
        en="Field",
        isin=[
            "environment",
            "traffic",
            "land",
            "construction",
            "public_services",
            "security",
            "health",
            "education",
            "other",
        ],
    )
    channel: str = column(
        vi="Kênh tiếp nhận", en="Channel", isin=["app", "hotline", "portal", "in_person"]
    )
    sender_phone: str = column(
        vi="Số điện thoại người gửi", en="Phone of the sender", personal=True, nullable=True
    )
    status: str = column(
        vi="Trạng thái", en="Status", isin=["received", "processing", "answered", "refused"]
    )
    received_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Thời điểm tiếp nhận", en="Received at", not_after_arrival=True
    )
    answered_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Thời điểm trả lời", en="Answered at", nullable=True, not_after_arrival=True
    )
    satisfaction: int = column(
        vi="Mức độ hài lòng", en="Satisfaction, 5 is best", nullable=True, in_range=(1, 5)
    )
    updated_at: pl.Datetime("us") = column(  # type: ignore[valid-type]
        vi="Cập nhật lần cuối", en="Last change", not_after_arrival=True, max_age_days=800
    )

    @pa.dataframe_check(
        error="correct.answered_after_received",
        description="Thời điểm trả lời không được trước thời điểm tiếp nhận",
    )
    def answered_after_received(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(pl.col("answered_at") >= pl.col("received_at"))

    @pa.dataframe_check(
        error="complete.answered_when_answered",
        description="Phản ánh đã trả lời phải có thời điểm trả lời",
    )
    def answered_when_answered(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            (pl.col("status") != "answered") | pl.col("answered_at").is_not_null()
        )

    @pa.dataframe_check(
        error="correct.satisfaction_when_answered",
        description="Chỉ phản ánh đã trả lời mới có mức độ hài lòng",
    )
    def satisfaction_when_answered(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: D102
        return data.lazyframe.select(
            pl.col("satisfaction").is_null() | (pl.col("status") == "answered")
        )
