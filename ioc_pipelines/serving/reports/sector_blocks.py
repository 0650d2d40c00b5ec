"""What sector marts say that is no indicator: homes, insurance, staff (H28, H30, H34)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports.document import Cell, Column, Draft
from ioc_pipelines.serving.reports.facts import Facts, supplies_of
from ioc_pipelines.serving.reports.log_figures import column, count
from ioc_pipelines.serving.reports.periods import Period

_STATES = {
    "preparing": "Đang chuẩn bị",
    "under_construction": "Đang xây dựng",
    "finished": "Đã hoàn thành",
}
_INSURANCES = {
    "social_compulsory": "Bảo hiểm xã hội bắt buộc",
    "social_voluntary": "Bảo hiểm xã hội tự nguyện",
    "unemployment": "Bảo hiểm thất nghiệp",
    "health": "Bảo hiểm y tế",
}
_STAFF = {
    "cadre": "Cán bộ",
    "civil_servant": "Công chức",
    "public_employee": "Viên chức",
}
_MILLION = 1e6


def add_social_housing(draft: Draft, facts: Facts, _period: Period) -> None:
    """Projects by state, as of the newest quarter told of by the period's end."""
    rows = facts.log("social_housing")
    names = (
        ("projects", "Số dự án"),
        ("units_planned", "Căn theo kế hoạch"),
        ("units_started", "Căn đã khởi công"),
        ("units_finished", "Căn đã hoàn thành"),
    )
    _table(
        draft,
        facts,
        rows,
        dataset="housing.social_housing",
        title="Dự án nhà ở xã hội theo tình trạng",
        first=(Column("Tình trạng", 2.0), "status", _STATES),
        names=names,
        kind="quarter",
    )


def add_social_security(draft: Draft, facts: Facts, _period: Period) -> None:
    """Insured, contributions and benefits of the province by kind of insurance."""
    names = (
        ("participants", "Người tham gia"),
        ("contributions_m", "Số thu trong tháng (triệu đồng)"),
        ("beneficiaries", "Người hưởng"),
        ("benefits_m", "Số chi trong tháng (triệu đồng)"),
    )
    _table(
        draft,
        facts,
        facts.log("social_security"),
        dataset="social_security.participation_monthly",
        title="Tham gia và hưởng bảo hiểm",
        first=(Column("Loại bảo hiểm", 2.2), "insurance_kind", _INSURANCES),
        names=names,
        kind="month",
    )


def add_civil_service(draft: Draft, facts: Facts, _period: Period) -> None:
    """Staff of each organisation by kind; small counts are not told."""
    by_organisation: dict[str, dict[str, Any]] = {}
    told = facts.log("civil_service")
    for row in told:
        one = by_organisation.setdefault(
            row["organisation_name"],
            {"organisation": row["organisation_name"], "period_start": row["period_start"]},
        )
        one[row["kind"]] = row["headcount"]
        one[f"{row['kind']}_suppression"] = row["suppression"]
    _table(
        draft,
        facts,
        sorted(by_organisation.values(), key=lambda row: vietnamese.order(row["organisation"])),
        dataset="civil_service.staff_by_unit",
        title="Số lượng cán bộ, công chức, viên chức theo tổ chức",
        first=(Column("Tổ chức", 3.0), "organisation", {}),
        names=tuple(_STAFF.items()),
        kind="half",
    )


def _table(
    draft: Draft,
    facts: Facts,
    rows: list[dict[str, Any]],
    *,
    dataset: str,
    title: str,
    first: tuple[Column, str, Mapping[str, str]],
    names: tuple[tuple[str, str], ...],
    kind: Any,
) -> None:
    if not rows:
        draft.paragraph(f"{title}: chưa có số liệu.")
        return
    at = Period(kind, rows[0]["period_start"])
    head, key, words = first
    supplies = supplies_of(facts, dataset)

    def told(row: dict[str, Any], name: str, said: str) -> Cell:
        value = row.get(name)
        if value is None:
            suppressed = row.get(f"{name}_suppression") is not None
            return Cell("–", marks=("bm",)) if suppressed else Cell("–")
        of = words.get(row[key], row[key])
        return count(draft, value, said, at, title, of, supplies=supplies)

    draft.table(
        f"{title}, {at.vi}",
        [head, *(column(said) for _, said in names)],
        [
            [
                Cell(words.get(row[key], row[key])),
                *(told(row, name, said) for name, said in names),
            ]
            for row in rows
        ],
    )
