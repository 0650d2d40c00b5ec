"""Hourly air quality of a station."""

from __future__ import annotations

import polars as pl

from contracts.base import Contract, ContractInfo, column
from contracts.value_rules import not_stuck

# Hà Nội 2023-2024 repeats a value for 10 hours at most; a night brings 24
_HOURS_ALIKE = 18


class AirQualityHourly(Contract):
    """One row per station and hour."""

    __contract__ = ContractInfo(
        dataset="environment.air_quality_hourly",
        version="2.0.0",
        title_vi="Chất lượng không khí theo giờ",
        title_en="Hourly air quality",
        grain="one row per station and hour",
        key=("station", "observed_at"),
        load_mode="upsert",
        publish="rows",
        basis="QCVN 05:2023/BTNMT, parameters; Decision 1459/QD-TCMT, air quality index (H33)",
        period_column="observed_at",
    )
    __batch_rules__ = (
        not_stuck(
            "pm25_ug_m3",
            sensor="station",
            time="observed_at",
            at_most=_HOURS_ALIKE,
            message_vi="Bụi PM2.5 lặp lại đúng một giá trị quá 18 giờ: có thể cảm biến bị kẹt",
        ),
        not_stuck(
            "aqi",
            sensor="station",
            time="observed_at",
            at_most=_HOURS_ALIKE,
            message_vi="Chỉ số AQI lặp lại đúng một giá trị quá 18 giờ: có thể cảm biến bị kẹt",
        ),
    )

    station: str = column(vi="Trạm", en="Station")
    observed_at: pl.Datetime = column(
        vi="Thời điểm quan trắc", en="Local time of the hour observed", not_after_arrival=True
    )
    pm25_ug_m3: float = column(
        vi="Bụi PM2.5", en="PM2.5", unit="µg/m³", in_range={"min_value": 0, "max_value": 1000}
    )
    aqi: int = column(
        vi="Chỉ số AQI",
        en="Air quality index",
        in_range={"min_value": 0, "max_value": 500},
    )
