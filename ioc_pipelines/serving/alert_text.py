"""Alerts about indicators as people read them, in Vietnamese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.base import VIETNAM
from ioc_pipelines.serving import vietnamese

Alert = Mapping[str, Any]

_KINDS = {
    "target_missed": "chưa đạt mục tiêu",
    "threshold_crossed": "vượt ngưỡng cảnh báo",
    "cumulative_fell": "số lũy kế giảm",
    "period_missing": "thiếu số liệu kỳ mới",
}
_MOST_DECIMALS = 6


def title_of(profile_vi: str, alerts: Sequence[Alert]) -> str:
    """The subject of a message: how many are new, how many are over."""
    opened = sum(alert["event"] == "opened" for alert in alerts)
    parts = [
        f"{count} {what}"
        for count, what in ((opened, "mới"), (len(alerts) - opened, "đã đóng"))
        if count
    ]
    return f"{profile_vi}: cảnh báo chỉ tiêu – {', '.join(parts)}"


def body_of(alerts: Sequence[Alert], owners: Mapping[str, str], built_at: datetime) -> str:
    """The message: what is new, then what is over; the gravest first.

    ``alerts``: rows of ``marts.indicator_alert`` with ``event``; ``owners``: names of agencies.
    """
    parts = []
    for event, heading in (("opened", "CẢNH BÁO MỚI"), ("closed", "CẢNH BÁO ĐÃ ĐÓNG")):
        chosen = sorted((a for a in alerts if a["event"] == event), key=_order)
        if chosen:
            told = [f"{n}. {paragraph(a, owners)}" for n, a in enumerate(chosen, start=1)]
            parts += [f"{heading} ({len(chosen)})", *told]
    at = built_at.astimezone(VIETNAM)
    parts.append(f"Theo kho dữ liệu công bố từ lần làm mới lúc {at:%H:%M ngày %d/%m/%Y}.")
    return "\n\n".join(parts) + "\n"


def paragraph(alert: Alert, owners: Mapping[str, str]) -> str:
    """An alert: about what, what is wrong or how it ended, who owns it, by which document."""
    is_grave = alert["severity"] == "critical" and alert["status"] == "open"
    lines = [
        f"{'[NGHIÊM TRỌNG] ' if is_grave else ''}{alert['name_vi']} – {alert['unit_name']}",
        sentence(alert),
    ]
    if others := [_KINDS[kind] for kind in alert["kinds"].split(", ") if kind != alert["kind"]]:
        lines.append(f"Đồng thời: {', '.join(others)}.")
    if alert["status"] == "closed":
        lines.append(ending(alert))
    owner = alert["owner_agency"]
    lines += [
        f"Cơ quan chủ trì: {owners.get(owner, owner)}",
        f"Căn cứ: {alert['document']}",
        f"Mã cảnh báo: {alert['alert_id']}",
    ]
    return "\n   ".join(lines)


def sentence(alert: Alert) -> str:
    """What is wrong, with period, value and what it is held to."""
    period = vietnamese.period(alert["period_type"], alert["period_start"])
    if alert["kind"] == "period_missing":
        return f"Thiếu số liệu {period}, hạn {alert['due_on']:%d/%m/%Y}."
    value, bound = _amounts(alert["value"], alert["bound"], alert["unit"])
    is_below = alert["value"] < alert["bound"]
    match alert["kind"]:
        case "target_missed":
            aim = "mục tiêu" if is_below else "mục tiêu không quá"
            return f"Chưa đạt mục tiêu: {period} là {value}, {aim} {bound}."
        case "threshold_crossed":
            side = "Dưới" if is_below else "Vượt"
            return f"{side} ngưỡng cảnh báo: {period} là {value}, ngưỡng {bound}."
        case _:
            return f"Số lũy kế giảm: đến hết {period} là {value}, kỳ trước là {bound}."


def ending(alert: Alert) -> str:
    """Why an alert was closed, and when."""
    day = f"{alert['closed_at'].astimezone(VIETNAM):%d/%m/%Y}"
    if alert["closed_reason"] != "recovered":
        return f"Đóng ngày {day}: không còn mục tiêu, ngưỡng hay kỳ báo cáo để đánh giá."
    period = vietnamese.period(alert["closed_period_type"], alert["closed_period_start"])
    value, _ = _amounts(alert["closed_value"], None, alert["unit"])
    return f"Đóng ngày {day}: {period} là {value}, không còn vi phạm."


def _amounts(value: float, bound: float | None, unit: str | None) -> tuple[str, str]:
    """Both with their unit, and with as many decimals as it takes to tell them apart."""
    decimals = 2
    while (
        bound is not None
        and decimals < _MOST_DECIMALS
        and vietnamese.number(value, decimals) == vietnamese.number(bound, decimals)
    ):
        decimals += 1
    sign = "" if unit is None else "%" if unit == "%" else f" {unit}"
    shown = ("" if n is None else f"{vietnamese.number(n, decimals)}{sign}" for n in (value, bound))
    first, second = shown
    return first, second


def _order(alert: Alert) -> tuple[bool, bool, str, str]:
    is_commune = alert["unit_level"] != "province"
    return alert["severity"] != "critical", is_commune, alert["name_vi"], alert["unit_name"]
