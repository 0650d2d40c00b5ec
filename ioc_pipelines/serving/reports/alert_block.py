"""Alerts about indicators, as a report tells of them."""

from __future__ import annotations

from typing import Any

from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.alert_text import sentence
from ioc_pipelines.serving.reports.document import Cell, Column, Draft, Run
from ioc_pipelines.serving.reports.facts import Facts
from ioc_pipelines.serving.reports.log_figures import column, count, said
from ioc_pipelines.serving.reports.periods import Period

_SOURCE = "Sổ cảnh báo chỉ tiêu"
_SEVERITY = {"critical": "Nghiêm trọng", "warning": "Cần chú ý"}


def add_alerts(draft: Draft, facts: Facts, period: Period) -> None:
    """What is open of figures up to the period's end: those of the province one by one."""
    on = vietnamese.day(facts.as_of)
    open_ = facts.log("alerts_now")
    if not open_:
        draft.paragraph(
            f"Đến ngày {on}, không có cảnh báo nào đang mở về số liệu đến hết {period.vi}."
        )
        return
    grave = sum(row["severity"] == "critical" for row in open_)
    of_them: list[Run] = []
    if grave:
        shown = said(draft, grave, "cảnh báo nghiêm trọng", period, _SOURCE)
        of_them = [", trong đó có ", shown]
    draft.paragraph(
        f"Đến ngày {on}, về số liệu đến hết {period.vi} có ",
        said(draft, len(open_), "cảnh báo đang mở", period, _SOURCE),
        *of_them,
        ".",
    )
    province = [row for row in open_ if row["unit_level"] == "province"]
    if province:
        draft.table(
            "Cảnh báo cấp tỉnh đang mở",
            [Column("Chỉ tiêu", 2.4), Column("Nội dung", 3.4), Column("Mức độ", 1.1)],
            [
                [Cell(row["name_vi"]), Cell(sentence(row)), Cell(_SEVERITY[row["severity"]])]
                for row in province
            ],
        )
    communes = [row for row in open_ if row["unit_level"] != "province"]
    if communes:
        _communes(draft, communes, period)


def _communes(draft: Draft, rows: list[dict[str, Any]], period: Period) -> None:
    by_name: dict[str, list[str]] = {}
    for row in rows:
        by_name.setdefault(row["name_vi"], []).append(row["unit_name"])
    draft.table(
        "Cảnh báo cấp xã đang mở",
        [Column("Chỉ tiêu", 2.4), column("Số xã, phường", 0.9), Column("Xã, phường", 3.6)],
        [
            [
                Cell(name),
                count(draft, len(units), f"số xã, phường: {name}", period, _SOURCE),
                Cell(", ".join(sorted(units, key=vietnamese.order))),
            ]
            for name, units in sorted(by_name.items(), key=lambda item: vietnamese.order(item[0]))
        ],
    )
