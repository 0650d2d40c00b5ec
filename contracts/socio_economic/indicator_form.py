"""Indicators that no system supplies: agencies enter them by hand in a form."""

from __future__ import annotations

import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.value_rules import not_listed

# 2026-05, 2026-Q2, 2026-H1, 2026
_PERIOD = r"^20\d{2}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?$"


class IndicatorForm(Contract):
    """One row per indicator, unit and period."""

    __contract__ = ContractInfo(
        dataset="socio_economic.indicator_form",
        version="1.0.0",
        title_vi="Biểu nhập chỉ tiêu chưa có nguồn tự động",
        title_en="Indicators entered by hand",
        grain="one row per indicator, unit and period",
        key=("indicator_code", "unit_code", "period"),
        load_mode="upsert",
        publish="rows",
        basis="Hung Yen 1062/2025, art. 5.5.b, 14.4 (H27, H73); Quang Ngai 151/2022, 10.1 (A18)",
    )
    __batch_rules__ = (
        not_listed(
            "indicator_code",
            reference="indicator.derived",
            rule_id="correct.not_derived",
            message_vi="Chỉ tiêu phái sinh do hệ thống tính từ chỉ tiêu khác, không nhập tay",
        ),
        not_listed(
            "indicator_code",
            reference="indicator.automatic",
            rule_id="correct.not_automatic",
            message_vi="Chỉ tiêu đã lấy tự động từ hệ thống nguồn, không nhận số liệu nhập tay",
        ),
    )

    indicator_code: str = column(
        vi="Mã chỉ tiêu",
        en="Indicator code",
        references="indicator.code",
        str_matches=r"^[A-Z][A-Z0-9_]*$",
    )
    unit_code: str = column(
        vi="Mã tỉnh", en="Province code", references="admin_unit.province", str_matches=r"^\d{2}$"
    )
    period: str = column(
        vi="Kỳ (2026-05, 2026-Q2, 2026-H1, 2026)",
        en="Month, quarter, half-year or year",
        str_matches=_PERIOD,
    )
    value: float = column(vi="Giá trị", en="Value, in the indicator's unit")
    reported_on: pl.Date = column(
        vi="Ngày báo cáo", en="Day reported", not_after_arrival=True, max_age_days=800
    )
