"""A small province with a handful of figures, as ``read_facts`` would have found it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from ioc_pipelines.catalog.reports import Issuer, ReportKind
from ioc_pipelines.serving.reports.facts import Facts

PROVINCE = {
    "unit_id": "33@2025-07-01",
    "code": "33",
    "full_name": "Tỉnh Hưng Yên",
    "level": "province",
    "valid_from": date(2025, 7, 1),
}
NAMES = ("Xã Ân Thi", "Phường Phố Hiến", "Xã An Thi", "Xã Đại Đồng")
COMMUNES = tuple(
    {
        "unit_id": f"1000{n}@2025-07-01",
        "code": f"1000{n}",
        "full_name": name,
        "level": "commune",
        "valid_from": date(2025, 7, 1),
    }
    for n, name in enumerate(NAMES)
)
ISSUER = Issuer(
    body="VĂN PHÒNG",
    symbol="BC-VP",
    place="Hưng Yên",
    signer_title="CHÁNH VĂN PHÒNG",
    recipients=("Như trên", "Lưu: VT"),
)
BUILT_AT = datetime(2026, 11, 9, 19, 0, tzinfo=UTC)  # the 10th in Viet Nam
SQUARE = '{{"type":"Polygon","coordinates":[[[{x},20],[{y},20],[{y},21],[{x},21],[{x},20]]]}}'


def indicator(code: str, name: str, unit: str, **other: Any) -> dict[str, Any]:
    return {
        "indicator_code": code,
        "name_vi": name,
        "unit": unit,
        "direction": "higher_is_better",
        "is_additive": True,
        "formula_vi": f"Cách tính {code}",
        "owner_agency": "so_a",
        "min_base": None,
        "finest_level": "commune",
        "period_types": ["month", "quarter"],
        **other,
    }


def value(code: str, start: date, amount: float | None, **other: Any) -> dict[str, Any]:
    return {
        "indicator_code": code,
        "period_type": "month",
        "period_start": start,
        "unit_id": PROVINCE["unit_id"],
        "value": amount,
        "target": None,
        "target_kind": None,
        "status": "no_target",
        "target_decision": None,
        "recorded_at": datetime(2026, 11, 5, 3, tzinfo=UTC),
        "units_measured": 4,
        "is_complete": True,
        "cumulative_value": None,
        "same_period_value": None,
        **other,
    }


OCTOBER = date(2026, 10, 1)
MONEY = indicator("MONEY", "Thu ngân sách", "đồng")
RATE = indicator("RATE", "Tỷ lệ đúng hạn", "%", is_additive=False)
DEBT = indicator("DEBT", "Số nợ", "đồng", direction="lower_is_better")
GROWTH = indicator("GROWTH", "Tốc độ tăng GRDP", "%", period_types=["quarter"])
VALUES = (
    value("MONEY", OCTOBER, 7_129_484_042_000.0, cumulative_value=2.5e13, same_period_value=7e12),
    value("MONEY", date(2026, 9, 1), 6.5e12),
    value(
        "RATE",
        OCTOBER,
        88.5,
        target=90.0,
        status="missed",
        target_kind="each_period",
        target_decision="Quyết định thử nghiệm",
        same_period_value=90.0,
    ),
    value("DEBT", OCTOBER, 4e9, same_period_value=5e9),
    value("GROWTH", date(2026, 7, 1), 10.04, period_type="quarter"),
    *(
        value("RATE", OCTOBER, rate, unit_id=unit["unit_id"])
        for unit, rate in zip(COMMUNES, (95.0, 70.25, 99.0, None), strict=True)
    ),
)


def key_of(row: dict[str, Any]) -> tuple[str, str, date, str]:
    return (row["indicator_code"], row["period_type"], row["period_start"], row["unit_id"])


def facts(*more: dict[str, Any], **other: Any) -> Facts:
    values = {key_of(row): row for row in (*VALUES, *more)}
    given: dict[str, Any] = {
        "snapshot_id": "20261109T190000-aaaaaaaa",
        "built_at": BUILT_AT,
        "province": PROVINCE,
        "communes": COMMUNES,
        "former_units": ("33@2003-01-01",),
        "indicators": {one["indicator_code"]: one for one in (MONEY, RATE, DEBT, GROWTH)},
        "values": values,
        "lineage": {key: (("so_a/x.y", f"batch-{key[0]}"),) for key in values},
        "rebased": {},
        "revisions": (),
        "boundaries": pl.DataFrame(
            {
                "unit_id": [unit["unit_id"] for unit in COMMUNES],
                "geometry": [SQUARE.format(x=n, y=n + 1) for n in range(len(COMMUNES))],
            }
        ),
        "feeds": {
            "so_a/x.y": {
                "feed": "so_a/x.y",
                "agency_name_vi": "Sở A",
                "title_vi": "Biểu tháng",
                "dataset": "x.y",
            }
        },
        "logs": {
            "contracts": pl.DataFrame(
                {
                    "feed": ["so_a/x.y"],
                    "dataset": ["x.y"],
                    "title_vi": ["Biểu tháng"],
                    "contract_version": ["1.2.0"],
                }
            )
        },
        **other,
    }
    return Facts(**given)


def kind(*blocks: dict[str, Any]) -> ReportKind:
    return ReportKind.model_validate(
        {
            "kind": "trial",
            "title_vi": "Thử",
            "subject": "Tình hình {province} {period}",
            "periods": ["month"],
            "basis": ["Quyết định số 1/QĐ-UBND"],
            "sections": [{"heading": "Kết quả", "blocks": list(blocks)}],
        }
    )
