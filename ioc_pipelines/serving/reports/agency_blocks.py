"""How each agency stands, what it owes, what it signed off, how it answered (H68, H81, A25)."""

from __future__ import annotations

from typing import Any

from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports.document import Cell, Column, Draft
from ioc_pipelines.serving.reports.facts import Facts
from ioc_pipelines.serving.reports.log_figures import DIMENSIONS, RATINGS, column, count, said
from ioc_pipelines.serving.reports.periods import Period

_SOURCE = "Bảng điểm cơ quan"
_SIGNED = "Sổ ký xác nhận của người đứng đầu"
_ROUNDS = "Sổ đợt thu thập đột xuất"
_SIGN_OFF_STATES = {
    "signed": "Đã ký",
    "open": "Chưa đến hạn",
    "missing": "Quá hạn",
    "outdated": "Phải ký lại",
}


def add_agencies(draft: Draft, facts: Facts, _period: Period) -> None:
    """Every agency, those with scores by score, the highest first."""
    rows = facts.log("agencies")
    on = f"tại ngày {vietnamese.day(facts.as_of)}"
    scored = sorted(
        (row for row in rows if row["overall_score"] is not None),
        key=lambda row: (-row["overall_score"], vietnamese.order(row["agency_name_vi"])),
    )
    silent = [row["agency_name_vi"] for row in rows if row["overall_score"] is None]
    draft.paragraph(
        "Có ",
        said(draft, len(scored), "cơ quan đã cung cấp dữ liệu", on, _SOURCE),
        f" ({on}). Xếp theo điểm chung, từ cao xuống thấp.",
    )
    draft.table(
        f"Đánh giá cơ quan cung cấp dữ liệu, {on}",
        [
            Column("Cơ quan", 2.4),
            column("Phải cung cấp", 0.8),
            column("Đã kết nối", 0.8),
            column("Tự động", 0.75),
            *(column(title, 0.75) for title in DIMENSIONS.values()),
            Column("Xếp loại", 0.7),
            column("Dòng còn mở", 0.75),
        ],
        [_agency(draft, row, on) for row in scored],
    )
    if silent:
        names = "; ".join(sorted(silent, key=vietnamese.order))
        draft.paragraph(f"Chưa cung cấp dữ liệu: {names}.")


def _agency(draft: Draft, row: dict[str, Any], on: str) -> list[Cell]:
    name = row["agency_name_vi"]

    def counted(key: str, title: str) -> Cell:
        return count(draft, row[key], title, on, _SOURCE, name)

    return [
        Cell(name),
        counted("feeds_required", "nguồn phải cung cấp"),
        counted("feeds_connected", "nguồn đã kết nối"),
        counted("feeds_automatic", "nguồn tự động"),
        *(
            Cell("–")
            if row[f"{dimension}_score"] is None
            else counted(f"{dimension}_score", f"điểm {title.lower()}")
            for dimension, title in DIMENSIONS.items()
        ),
        Cell(RATINGS.get(row["rating"], "–")),
        counted("rows_refused_open", "dòng bị từ chối còn mở"),
    ]


def add_reminders(draft: Draft, facts: Facts, _period: Period) -> None:
    """Who is to be reminded of what; nothing said of an agency that owes nothing (A12, H68)."""
    on = f"tại ngày {vietnamese.day(facts.as_of)}"
    rows = []
    for row in sorted(
        facts.log("agencies"), key=lambda row: vietnamese.order(row["agency_name_vi"])
    ):
        waiting = row["feeds_required"] - row["feeds_connected"]
        owed = (
            (waiting, "nguồn chưa kết nối"),
            (row["breaches"], "cam kết không đạt"),
            (row["rows_overdue"], "dòng bị từ chối quá hạn"),
            (row["months_unsigned"], "tháng quá hạn chưa ký xác nhận"),
        )
        if not any(number for number, _ in owed):
            continue
        name = row["agency_name_vi"]
        rows.append(
            [
                Cell(name),
                *(count(draft, number, title, on, _SOURCE, name) for number, title in owed),
            ]
        )
    if not rows:
        draft.paragraph("Không có cơ quan nào phải đôn đốc.")
        return
    draft.table(
        f"Nội dung cần đôn đốc theo cơ quan, {on}",
        [
            Column("Cơ quan", 2.6),
            column("Nguồn chưa kết nối"),
            column("Cam kết không đạt"),
            column("Dòng quá hạn"),
            column("Tháng chưa ký"),
        ],
        rows,
    )


def add_sign_offs(draft: Draft, facts: Facts, period: Period) -> None:
    """Months of the period and whether the heads signed off what was supplied."""
    rows = facts.log("sign_offs")
    if not rows:
        draft.paragraph(f"Trong {period.vi}, chưa có tháng nào phải ký xác nhận dữ liệu.")
        return
    signed = sum(row["status"] == "signed" for row in rows)
    draft.paragraph(
        "Người đứng đầu cơ quan đã ký xác nhận ",
        said(draft, signed, "lượt đã ký", period, _SIGNED, unit="lượt"),
        " trong ",
        said(draft, len(rows), "lượt phải ký", period, _SIGNED, unit="lượt phải ký"),
        ".",
    )
    draft.table(
        f"Ký xác nhận dữ liệu đã cung cấp, {period.vi}",
        [
            Column("Cơ quan", 3.0),
            Column("Tháng", 1.0),
            Column("Hạn ký", 1.1),
            Column("Tình trạng", 1.3),
        ],
        [
            [
                Cell(row["agency_name_vi"]),
                Cell(f"{row['month'][5:]}/{row['month'][:4]}"),
                Cell(vietnamese.day(row["due_on"])),
                Cell(_SIGN_OFF_STATES.get(row["status"], "Chưa ký")),
            ]
            for row in sorted(
                rows, key=lambda row: (row["month"], vietnamese.order(row["agency_name_vi"]))
            )
        ],
    )


def add_rounds(draft: Draft, facts: Facts, period: Period) -> None:
    """Ad hoc collection rounds of the period."""
    rows = facts.log("rounds")
    if not rows:
        draft.paragraph(f"Trong {period.vi}, không có đợt thu thập dữ liệu đột xuất.")
        return
    names = (("feeds", "Nguồn được hỏi"), ("delivered", "Đã gửi"), ("on_time", "Đúng hạn"))
    draft.table(
        f"Đợt thu thập dữ liệu đột xuất, {period.vi}",
        [Column("Lý do", 3.0), Column("Hạn", 1.4), *(column(title) for _, title in names)],
        [
            [
                Cell(row["reason"]),
                Cell(vietnamese.moment(row["deadline"])),
                *(
                    count(draft, row[name], title, period, _ROUNDS, row["reason"])
                    for name, title in names
                ),
            ]
            for row in rows
        ],
    )
