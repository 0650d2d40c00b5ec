"""What the logs of the IOC say, as paragraphs and tables (H61, H68, H81, A08, B25, B27, B30)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ioc_pipelines.catalog.reports import Fact
from ioc_pipelines.serving import vietnamese
from ioc_pipelines.serving.reports.agency_blocks import (
    add_agencies,
    add_reminders,
    add_rounds,
    add_sign_offs,
)
from ioc_pipelines.serving.reports.alert_block import add_alerts
from ioc_pipelines.serving.reports.document import Cell, Column, Draft
from ioc_pipelines.serving.reports.facts import Facts
from ioc_pipelines.serving.reports.log_figures import (
    DIMENSIONS,
    RATINGS,
    column,
    count,
    said,
    total_row,
)
from ioc_pipelines.serving.reports.periods import Period
from ioc_pipelines.serving.reports.sector_blocks import (
    add_civil_service,
    add_social_housing,
    add_social_security,
)

Add = Callable[[Draft, Facts, Period], None]
_CHANNELS = {
    "api": "Dịch vụ dữ liệu trực tuyến",
    "database": "Cơ sở dữ liệu",
    "file": "Tệp gửi định kỳ",
    "none": "Chưa kết nối",
}
_CADENCES = {
    "daily": "Hằng ngày",
    "weekly": "Hằng tuần",
    "monthly": "Hằng tháng",
    "quarterly": "Hằng quý",
    "half_yearly": "Sáu tháng",
    "yearly": "Hằng năm",
    "on_change": "Khi có thay đổi",
}
_FAULTS = {
    "source": "do nguồn cung cấp",
    "transport": "do đường truyền",
    "pipeline": "do hệ thống của Trung tâm",
    "unknown": "chưa rõ nguyên nhân",
}
_PROMISES = {
    "live.on_time": "Gửi đúng hạn",
    "live.event_age": "Dữ liệu còn mới",
    "live.published": "Công bố kịp thời",
    "collection_round": "Đợt thu thập đột xuất",
}
_DELIVERIES = "Nhật ký giao nhận dữ liệu"
_SCORES = "Bảng điểm chất lượng dữ liệu"
_REFUSED = "Sổ theo dõi dòng dữ liệu bị từ chối"
_COVERAGE = "Danh mục nguồn dữ liệu"
_PUBLISHED = "Kho dữ liệu đã công bố"


def add_deliveries(draft: Draft, facts: Facts, period: Period) -> None:
    """What each agency sent, and what became of the rows."""
    rows = facts.log("deliveries")
    names = (
        ("deliveries", "Lượt giao nhận"),
        ("good", "Thành công"),
        ("rows_received", "Dòng nhận"),
        ("rows_accepted", "Dòng chấp nhận"),
        ("rows_refused", "Dòng bị từ chối"),
        ("rows_duplicate", "Dòng trùng"),
    )
    total = {name: sum(row[name] for row in rows) for name, _ in names}
    if not total["deliveries"]:
        draft.paragraph(f"Trong {period.vi}, nhật ký chưa ghi nhận lượt giao nhận dữ liệu nào.")
        return
    draft.paragraph(
        f"Trong {period.vi}, hệ thống thực hiện ",
        said(draft, total["deliveries"], "lượt giao nhận", period, _DELIVERIES),
        ", trong đó ",
        said(draft, total["good"], "lượt thành công", period, _DELIVERIES),
        "; nhận ",
        said(draft, total["rows_received"], "dòng dữ liệu", period, _DELIVERIES),
        ", chấp nhận ",
        said(draft, total["rows_accepted"], "dòng chấp nhận", period, _DELIVERIES, unit="dòng"),
        ", từ chối ",
        said(draft, total["rows_refused"], "dòng bị từ chối", period, _DELIVERIES, unit="dòng"),
        ".",
    )
    draft.table(
        f"Tình hình cập nhật dữ liệu theo cơ quan, {period.vi}",
        [Column("Cơ quan", 2.4), *(column(title) for _, title in names)],
        [
            *(
                [
                    Cell(row["agency_name_vi"]),
                    *(
                        count(draft, row[name], title, period, _DELIVERIES, row["agency_name_vi"])
                        for name, title in names
                    ),
                ]
                for row in by_name(rows)
            ),
            total_row(draft, names, total, period, _DELIVERIES),
        ],
    )
    failures = facts.log("failures")
    if failures:
        parts = [
            f"{row['deliveries']} lượt {_FAULTS.get(row['fault'], 'khác')}" for row in failures
        ]
        draft.paragraph(f"Lượt không thành công: {', '.join(parts)}.")


def add_scores(draft: Draft, facts: Facts, period: Period) -> None:
    """The four scores and the one of all, of the province and each agency."""
    province = {row["dimension"]: row for row in facts.log("province_scores")}
    by_agency: dict[str, dict[str, Any]] = {}
    for row in facts.log("scores"):
        by_agency.setdefault(row["agency_name_vi"], {})[row["dimension"]] = row
    if not province:
        draft.paragraph(f"Trong {period.vi}, chưa có lần chấm điểm chất lượng dữ liệu nào.")
        return
    if overall := province.get("overall"):
        draft.paragraph(
            "Điểm chất lượng dữ liệu chung của tỉnh (thang điểm một trăm) là ",
            said(draft, overall["score"], "điểm chung của tỉnh", period, _SCORES, unit="điểm"),
            f", xếp loại {RATINGS[overall['rating']].lower()}, "
            f"chấm ngày {vietnamese.day(overall['scored_on'])}.",
        )
    table = {"Toàn tỉnh": province}
    table |= {name: by_agency[name] for name in sorted(by_agency, key=vietnamese.order)}
    draft.table(
        f"Điểm chất lượng dữ liệu theo cơ quan, lần chấm cuối trong {period.vi}",
        [
            Column("Cơ quan", 2.6),
            *(column(title) for title in DIMENSIONS.values()),
            Column("Xếp loại", 0.9),
        ],
        [
            [
                Cell(name),
                *(
                    count(draft, scores[d]["score"], f"điểm {title.lower()}", period, _SCORES, name)
                    if d in scores
                    else Cell("–")
                    for d, title in DIMENSIONS.items()
                ),
                Cell(RATINGS[scores["overall"]["rating"]] if "overall" in scores else "–"),
            ]
            for name, scores in table.items()
        ],
    )


def add_refusals(draft: Draft, facts: Facts, period: Period) -> None:
    """Rows that were refused and what became of them; never a value."""
    rows = facts.log("refusals")
    names = (
        ("refused", "Bị từ chối"),
        ("closed_rows", "Đã xử lý"),
        ("open_rows", "Còn mở"),
        ("overdue_rows", "Quá hạn"),
    )
    if not rows:
        draft.paragraph(f"Trong {period.vi}, không có dòng dữ liệu nào bị từ chối hoặc còn mở.")
        return
    total = {name: sum(row[name] for row in rows) for name, _ in names}
    draft.paragraph(
        "Số dòng bị từ chối phát sinh hoặc còn mở trong kỳ là ",
        said(draft, total["refused"], "dòng bị từ chối", period, _REFUSED, unit="dòng"),
        "; đã xử lý ",
        said(draft, total["closed_rows"], "dòng đã xử lý", period, _REFUSED, unit="dòng"),
        ", còn mở ",
        said(draft, total["open_rows"], "dòng còn mở", period, _REFUSED, unit="dòng"),
        ", quá hạn ",
        said(draft, total["overdue_rows"], "dòng quá hạn", period, _REFUSED, unit="dòng"),
        ".",
    )
    draft.table(
        f"Dòng dữ liệu bị từ chối theo nguồn, {period.vi}",
        [
            Column("Cơ quan", 1.9),
            Column("Nguồn dữ liệu", 2.6),
            *(column(title) for _, title in names),
        ],
        [
            *(
                [
                    Cell(row["agency_name_vi"]),
                    Cell(row["title_vi"]),
                    *(
                        count(draft, row[name], title, period, _REFUSED, row["title_vi"])
                        for name, title in names
                    ),
                ]
                for row in by_name(rows)
            ),
            [Cell("Cộng"), *total_row(draft, names, total, period, _REFUSED, first="")],
        ],
    )
    why = facts.log("refused_why")
    if why:
        draft.table(
            "Lý do từ chối nhiều nhất trong kỳ",
            [Column("Lý do", 3.4), Column("Cơ quan", 2.0), column("Số lần")],
            [
                [
                    Cell(row["message_vi"]),
                    Cell(row["agency_name_vi"]),
                    count(draft, row["refused"], "số lần", period, _REFUSED, row["message_vi"]),
                ]
                for row in why
            ],
        )


def add_lateness(draft: Draft, facts: Facts, period: Period) -> None:
    """Promises that are not kept, and how long data takes."""
    breaches = facts.log("breaches")
    if breaches:
        draft.table(
            "Cam kết cung cấp dữ liệu không đạt",
            [
                Column("Cơ quan", 2.0),
                Column("Nguồn dữ liệu", 2.6),
                Column("Cam kết", 1.6),
                Column("Ngày phát hiện", 1.1),
            ],
            [
                [
                    Cell(row["agency_name_vi"]),
                    Cell(row["title_vi"]),
                    Cell(_PROMISES.get(row["promise"], "Cam kết khác")),
                    Cell(vietnamese.moment(row["found_at"]).split()[1]),
                ]
                for row in breaches
            ],
        )
    else:
        draft.paragraph(
            f"Đến ngày {vietnamese.day(facts.as_of)}, các nguồn đang kết nối đều bảo đảm thời hạn "
            "cung cấp đã cam kết."
        )
    delays = facts.log("timeliness")
    if delays:
        days, hours = "Từ phát sinh đến khi nhận (ngày)", "Từ khi nhận đến khi công bố (giờ)"
        draft.table(
            f"Độ trễ dữ liệu theo cơ quan (trung vị), {period.vi}",
            [Column("Cơ quan", 2.8), column(days, 1.6), column(hours, 1.6)],
            [
                [
                    Cell(row["agency_name_vi"]),
                    *(
                        Cell("–")
                        if row[name] is None
                        else count(
                            draft, row[name], title, period, _DELIVERIES, row["agency_name_vi"]
                        )
                        for name, title in (
                            ("event_to_arrival_d", days),
                            ("arrival_to_publication_h", hours),
                        )
                    ),
                ]
                for row in by_name(delays)
            ],
        )


def add_connection(draft: Draft, facts: Facts, _period: Period) -> None:
    """How many sources are connected, and by which channel; the share without a person."""
    rows = facts.log("coverage")
    required = [row for row in rows if row["is_required"]]
    connected = [row for row in rows if row["is_connected"]]
    automatic = [row for row in connected if row["is_automatic"]]
    on = f"tại ngày {vietnamese.day(facts.as_of)}"
    runs: list[Any] = [
        "Danh mục có ",
        said(draft, len(rows), "nguồn dữ liệu", on, _COVERAGE),
        ", trong đó ",
        said(draft, len(required), "nguồn phải cung cấp", on, _COVERAGE),
        "; đã kết nối ",
        said(draft, len(connected), "nguồn đã kết nối", on, _COVERAGE, unit="nguồn"),
    ]
    if connected:
        share = 100.0 * len(automatic) / len(connected)
        runs += [
            ", tự động ",
            said(draft, len(automatic), "nguồn tự động", on, _COVERAGE, unit="nguồn"),
            " (",
            said(draft, share, "tỷ lệ tự động", on, _COVERAGE, unit="%"),
            " số nguồn đã kết nối)",
        ]
    draft.paragraph(*runs, f" ({on}).")
    channels = {channel: [r for r in rows if r["channel"] == channel] for channel in _CHANNELS}
    draft.table(
        f"Nguồn dữ liệu theo hình thức kết nối, {on}",
        [Column("Hình thức", 3.0), column("Số nguồn", 1.2)],
        [
            [Cell(title), count(draft, len(channels[name]), title, on, _COVERAGE)]
            for name, title in _CHANNELS.items()
        ],
    )


def add_supply(draft: Draft, facts: Facts, _period: Period) -> None:
    """Each connected source: who, what, how often, whether it is up to date."""
    rows = [row for row in facts.log("coverage") if row["is_connected"]]
    draft.table(
        f"Nguồn dữ liệu đang cung cấp, tại ngày {vietnamese.day(facts.as_of)}",
        [
            Column("Cơ quan", 2.0),
            Column("Nguồn dữ liệu", 3.0),
            Column("Chu kỳ", 1.1),
            Column("Hình thức", 1.4),
            Column("Còn trong hạn", 0.9),
        ],
        [
            [
                Cell(row["agency_name_vi"]),
                Cell(row["title_vi"]),
                Cell(_CADENCES.get(row["cadence"], "Khác")),
                Cell(_CHANNELS[row["channel"]]),
                Cell("Có" if row["is_live"] else "Không"),
            ]
            for row in by_name(rows)
        ],
    )


def add_roadmap(draft: Draft, facts: Facts, _period: Period) -> None:
    """What is to be supplied and is not connected yet (B27)."""
    rows = [row for row in facts.log("coverage") if row["is_required"] and not row["is_connected"]]
    on = f"tại ngày {vietnamese.day(facts.as_of)}"
    if not rows:
        draft.paragraph("Các nguồn dữ liệu phải cung cấp đều đã được kết nối.")
        return
    draft.paragraph(
        "Còn ",
        said(draft, len(rows), "nguồn chưa kết nối", on, _COVERAGE, unit="nguồn"),
        " phải cung cấp theo lộ trình nhưng chưa kết nối.",
    )
    draft.table(
        f"Nguồn dữ liệu chưa kết nối theo lộ trình, {on}",
        [Column("Cơ quan", 2.2), Column("Nguồn dữ liệu", 3.6), Column("Chu kỳ dự kiến", 1.2)],
        [
            [
                Cell(row["agency_name_vi"]),
                Cell(row["title_vi"]),
                Cell(_CADENCES.get(row["cadence"], "Khác")),
            ]
            for row in by_name(rows)
        ],
    )


def add_sharing(draft: Draft, facts: Facts, _period: Period) -> None:
    """What of it is open to those who use the warehouse."""
    on = f"tại ngày {vietnamese.day(facts.as_of)}"
    tables = {row["layer"]: row["tables"] for row in facts.log("published")}
    catalogue = facts.log("catalogue")[0]
    datasets = {row["dataset"] for row in facts.log("coverage") if row["is_connected"]}
    draft.paragraph(
        "Kho dữ liệu dùng chung có ",
        said(draft, len(datasets), "bộ dữ liệu đã kết nối", on, _PUBLISHED, unit="bộ dữ liệu"),
        ", ",
        said(draft, catalogue["indicators"], "chỉ tiêu giám sát", on, _PUBLISHED),
        " (",
        said(draft, catalogue["automatic"], "chỉ tiêu tự động", on, _PUBLISHED, unit="tự động"),
        ", ",
        said(draft, catalogue["derived"], "chỉ tiêu phái sinh", on, _PUBLISHED, unit="phái sinh"),
        ", ",
        said(draft, catalogue["by_hand"], "chỉ tiêu nhập tay", on, _PUBLISHED, unit="nhập tay"),
        "); công bố ",
        said(draft, sum(tables.values()), "bảng dữ liệu", on, _PUBLISHED),
        " cho cán bộ, chuyên viên khai thác. Dữ liệu cá nhân không được công bố theo dòng.",
    )


def add_use(draft: Draft, facts: Facts, period: Period) -> None:
    """What came of it: snapshots, notices, complaints, decisions, reports."""
    snapshots, told = facts.log("snapshots")[0], facts.log("told")[0]
    complaints = facts.log("complaints")[0]
    decisions = sum(row["decisions"] for row in facts.log("approvals"))
    reports = facts.log("reports")[0]["reports"]
    rows = (
        ("Lần công bố kho dữ liệu", snapshots["snapshots"], _PUBLISHED),
        ("Quyết định phê duyệt lô dữ liệu", decisions, "Sổ phê duyệt"),
        ("Lượt cảnh báo đã gửi", told["told"], "Sổ gửi cảnh báo"),
        ("Lượt cảnh báo gửi không thành công", told["failed"], "Sổ gửi cảnh báo"),
        ("Báo cáo đã phát hành từ hệ thống", reports, "Sổ báo cáo"),
        ("Kiến nghị về số liệu đã tiếp nhận", complaints["complaints"], "Sổ kiến nghị"),
        ("Kiến nghị về số liệu đã trả lời", complaints["answered"], "Sổ kiến nghị"),
        ("Kiến nghị được trả lời đúng hạn", complaints["on_time"], "Sổ kiến nghị"),
    )
    draft.table(
        f"Tình hình sử dụng, {period.vi}",
        [Column("Nội dung", 4.0), column("Số lượng", 1.2)],
        [[Cell(title), count(draft, n, title, period, source)] for title, n, source in rows],
        notes=["Hệ thống chưa ghi nhận lượt truy cập của từng người dùng."],
    )


def by_name(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Agencies, and their sources, in the order of the dictionary."""
    return sorted(
        rows,
        key=lambda row: (
            vietnamese.order(row["agency_name_vi"]),
            vietnamese.order(row.get("title_vi", "")),
        ),
    )


LOG_BLOCKS: Mapping[Fact, Add] = {
    "alerts": add_alerts,
    "deliveries": add_deliveries,
    "scores": add_scores,
    "refusals": add_refusals,
    "lateness": add_lateness,
    "connection": add_connection,
    "supply": add_supply,
    "roadmap": add_roadmap,
    "sharing": add_sharing,
    "use": add_use,
    "sign_offs": add_sign_offs,
    "rounds": add_rounds,
    "agencies": add_agencies,
    "reminders": add_reminders,
    "social_housing": add_social_housing,
    "social_security": add_social_security,
    "civil_service": add_civil_service,
}
