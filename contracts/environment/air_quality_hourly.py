"""Hourly air quality of a station."""

from __future__ import annotations

import polars as pl

from contracts.base import Contract, ContractInfo, column


class AirQualityHourly(Contract):
    """One row per station and hour."""

    __contract__ = ContractInfo(
        dataset="environment.air_quality_hourly",
        version="1.0.0",
        title_vi="Chất lượng không khí theo giờ",
        title_en="Hourly air quality",
        grain="one row per station and hour",
        key=("station", "observed_at"),
        load_mode="upsert",
        publish="rows",
        basis="QCVN 05:2023/BTNMT, parameters; Decision 1459/QD-TCMT, air quality index (H33)",
        period_column="observed_at",
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
