"""What a document says of a handful of figures; expected texts are worked out by hand."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from ioc_pipelines.serving.reports.compose import compose
from ioc_pipelines.serving.reports.document import Document, Paragraph, Picture, Shown, Table
from ioc_pipelines.serving.reports.figures import MissingFigureError
from ioc_pipelines.serving.reports.periods import Period
from tests.serving.reports.report_facts import COMMUNES, ISSUER, OCTOBER, facts, kind, value

PERIOD = Period.parse("2026-10")


def made(*blocks: dict[str, Any], of: Any = None, period: Period = PERIOD) -> Document:
    return compose(kind(*blocks), ISSUER, facts() if of is None else of, period)


def text(said: str, **other: Any) -> dict[str, Any]:
    return {"block": "text", "text": said, **other}


def paragraphs(document: Document) -> list[str]:
    return [
        "".join(run if isinstance(run, str) else run.text for run in content.runs)
        for content in document.contents
        if isinstance(content, Paragraph)
    ]


def tables(document: Document) -> list[Table]:
    return [content for content in document.contents if isinstance(content, Table)]


def test_placeholders_become_amounts_with_units_and_comparisons() -> None:
    document = made(
        text(
            "Thu trong {period} đạt {MONEY}, {MONEY:change}; lũy kế {MONEY:cumulative}; tháng "
            "trước {MONEY@-1}. Tỷ lệ đạt {RATE} (mục tiêu {RATE:target}), {RATE:change}. Quý "
            "gần nhất tăng {GROWTH@quarter}. Tại Phố Hiến là {RATE/10001}."
        )
    )
    assert paragraphs(document) == [
        "Thu trong tháng 10/2026 đạt 7.129,5 tỷ đồng, tăng 1,85% so với cùng kỳ năm trước; lũy kế "
        "25.000 tỷ đồng; tháng trước 6.500 tỷ đồng. Tỷ lệ đạt 88,5% (mục tiêu 90%), giảm 1,5 điểm "
        "phần trăm so với cùng kỳ năm trước. Quý gần nhất tăng 10,04%. Tại Phố Hiến là 70,25%."
    ]
    assert document.subject == "Tình hình tỉnh Hưng Yên tháng 10/2026"
    assert document.dated == date(2026, 11, 10)


def test_every_figure_of_a_text_is_in_the_annex_with_its_batch() -> None:
    document = made(text("{MONEY} và {RATE:change} và lại {MONEY}"))
    (paragraph,) = [c for c in document.contents if isinstance(c, Paragraph)]
    numbers = [run.figure for run in paragraph.runs if isinstance(run, Shown)]
    assert numbers == [1, 2, 1]
    money, change = document.figures
    assert (money.indicator_code, money.value, money.unit) == ("MONEY", 7_129_484_042_000.0, "đồng")
    assert (money.period_start, money.unit_id) == (OCTOBER, "33@2025-07-01")
    assert [(s.agency, s.feed, s.batch) for s in money.supplies] == [
        ("Sở A", "so_a/x.y", "batch-MONEY")
    ]
    assert (change.measure, change.value) == ("change", pytest.approx(-1.5))


def test_a_figure_that_is_not_there_fails_the_report_and_is_named() -> None:
    with pytest.raises(MissingFigureError, match=r"MONEY \(Thu ngân sách\), 2026-08, Tỉnh Hưng"):
        made(text("{MONEY@-2}"))
    with pytest.raises(MissingFigureError, match="no unit 99999"):
        made(text("{RATE/99999}"))
    with pytest.raises(MissingFigureError, match="GROWTH"):
        made({"block": "indicators", "title": "t", "indicators": ["GROWTH"]})


def test_where_a_kind_allows_it_a_missing_figure_is_said_to_be_missing() -> None:
    document = made(text("Tháng tám đạt {MONEY@-2}.", missing="say"))
    assert paragraphs(document) == ["Tháng tám đạt chưa có số liệu."]
    assert document.figures == ()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("Đạt 92,3% kế hoạch", "a figure is typed in"),
        ("Tăng {MONEY} trong tháng 10", "a figure is typed in"),
        ("Đạt {money}", "a brace is no placeholder"),
        ("Đạt {MONEY:best}", "a brace is no placeholder"),
    ],
)
def test_no_figure_can_be_typed_in(said: str, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        kind(text(said))


def test_a_table_has_value_comparison_target_and_verdict() -> None:
    document = made({"block": "indicators", "title": "Chỉ tiêu", "indicators": ["MONEY", "RATE"]})
    (table,) = tables(document)
    assert [column.title for column in table.columns] == [
        "Chỉ tiêu",
        "Đơn vị tính",
        "Thực hiện",
        "Lũy kế từ đầu năm",
        "Cùng kỳ năm trước",
        "Tăng, giảm so với cùng kỳ",
        "Mục tiêu",
        "Đánh giá",
    ]
    texts = [[cell.text.replace("\u00a0", " ") for cell in row] for row in table.rows]
    assert texts == [
        ["Thu ngân sách", "tỷ đồng", "7.129,5", "25.000", "7.000", "+1,85%", "–", "–"],
        ["Tỷ lệ đúng hạn", "%", "88,5", "–", "90", "-1,5 điểm %", "90", "Chưa đạt"],
    ]
    assert table.rows[0][2].value == pytest.approx(7129.484042)
    assert table.notes == ("Mục tiêu theo: Quyết định thử nghiệm.",)


def test_conclusions_follow_from_targets_and_from_which_way_is_better() -> None:
    codes = ["MONEY", "RATE", "DEBT"]
    document = made({"block": "indicators", "title": "Chỉ tiêu", "indicators": codes})
    assert paragraphs(document) == [
        "Chưa đạt mục tiêu: tỷ lệ đúng hạn 88,5% (mục tiêu 90%).",
        "Chuyển biến tích cực so với cùng kỳ năm trước: thu ngân sách tăng 1,85%; số nợ giảm 20%.",
        "Cần quan tâm, kém hơn cùng kỳ năm trước: tỷ lệ đúng hạn giảm 1,5 điểm phần trăm.",
    ]


def test_a_province_that_began_within_the_year_says_since_when_it_counts() -> None:
    august = value("MONEY", date(2025, 8, 1), 5e12, cumulative_value=1e13)
    document = made(
        {"block": "indicators", "title": "t", "indicators": ["MONEY"]},
        of=facts(august),
        period=Period.parse("2025-08"),
    )
    assert tables(document)[0].columns[3].title == "Lũy kế từ 01/07/2025"


def test_a_figure_of_a_period_that_may_still_grow_is_preliminary() -> None:
    incomplete = value("MONEY", OCTOBER, 7e12, is_complete=False)
    table_of = {"block": "indicators", "title": "t", "indicators": ["MONEY"]}
    document = made(table_of, text("{MONEY}"), of=facts(incomplete))
    (table,) = tables(document)
    assert table.rows[0][2].marks == ("sb",)
    assert any(note.startswith("(sb) Số liệu sơ bộ") for note in table.notes)
    assert paragraphs(document)[-1] == "7.000 tỷ đồng (sơ bộ)"
    # of a month that is not over, however complete it looks
    november = value("MONEY", date(2026, 11, 1), 1e12)
    running = made(table_of, of=facts(november), period=Period.parse("2026-11"))
    assert tables(running)[0].rows[0][2].marks == ("sb",)


def test_before_the_reform_the_same_period_is_that_of_the_units_of_then() -> None:
    of = facts(
        value("MONEY", OCTOBER, 8e12),
        rebased={("MONEY", "month", date(2025, 10, 1)): 4e12},
        lineage={
            ("MONEY", "month", OCTOBER, "33@2025-07-01"): (("so_a/x.y", "now"),),
            ("MONEY", "month", date(2025, 10, 1), "33@2003-01-01"): (("so_a/x.y", "then"),),
        },
    )
    document = made({"block": "indicators", "title": "t", "indicators": ["MONEY"]}, of=of)
    (table,) = tables(document)
    assert [cell.text for cell in table.rows[0]][3:5] == ["4.000", "+100%"]
    assert table.rows[0][3].marks == ("mới",)
    by_measure = {f.measure: [s.batch for s in f.supplies] for f in document.figures}
    assert by_measure == {"value": ["now"], "same_period": ["then"], "change": ["now", "then"]}


def test_communes_stand_in_the_order_of_a_vietnamese_dictionary() -> None:
    document = made({"block": "communes", "title": "Theo xã", "indicators": ["RATE"]})
    (table,) = tables(document)
    assert [row[1].text for row in table.rows] == [
        "Xã An Thi",
        "Xã Ân Thi",
        "Xã Đại Đồng",
        "Phường Phố Hiến",
    ]
    assert [row[2].text for row in table.rows] == ["99", "95", "–", "70,25"]
    assert table.notes == ("Có số liệu của 3/4 xã, phường.",)


def test_what_is_not_published_for_few_observations_is_marked_so() -> None:
    few = facts()
    few.indicators["RATE"]["min_base"] = 10  # type: ignore[index]
    try:
        document = made({"block": "communes", "title": "t", "indicators": ["RATE"]}, of=few)
    finally:
        few.indicators["RATE"]["min_base"] = None  # type: ignore[index]
    (table,) = tables(document)
    assert table.rows[2][2].marks == ("bm",)
    assert any("bảo vệ thông tin cá nhân" in note for note in table.notes)


def test_the_worst_come_first_with_their_bars() -> None:
    document = made({"block": "communes", "title": "Thấp nhất", "indicators": ["RATE"], "worst": 2})
    (table,) = tables(document)
    assert [row[1].text for row in table.rows] == ["Phường Phố Hiến", "Xã Ân Thi"]
    (picture,) = [c for c in document.contents if isinstance(c, Picture)]
    assert "thấp nhất Phường Phố Hiến 70,25" in picture.chart.description


def test_a_map_and_a_line_bring_their_figures_into_the_annex() -> None:
    document = made(
        {"block": "map", "indicator": "RATE"},
        {"block": "line", "indicator": "MONEY", "periods": 3},
    )
    told = {(f.indicator_code, f.unit_name, f.period) for f in document.figures}
    assert told == {
        *(("RATE", unit["full_name"], "tháng 10/2026") for unit in COMMUNES[:3]),
        ("MONEY", "Tỉnh Hưng Yên", "tháng 9/2026"),
        ("MONEY", "Tỉnh Hưng Yên", "tháng 10/2026"),
    }


def test_a_revised_figure_is_restated_with_both_values() -> None:
    revision = {
        "indicator_code": "MONEY",
        "period_type": "month",
        "period_start": OCTOBER,
        "unit_id": "33@2025-07-01",
        "earlier_value": 7e12,
        "value": 7_129_484_042_000.0,
        "earlier_known_from": datetime(2026, 11, 2, 19, tzinfo=UTC),
        "known_from": datetime(2026, 11, 8, 19, tzinfo=UTC),
    }
    other = {**revision, "indicator_code": "DEBT"}
    document = made(text("{MONEY}"), of=facts(revisions=(revision, other)))
    assert document.restatements == 1
    (table,) = tables(document)
    assert [[cell.text for cell in row] for row in table.rows] == [
        [
            "Thu ngân sách",
            "tháng 10/2026",
            "Tỉnh Hưng Yên",
            "7.000 tỷ đồng (03/11/2026)",
            "7.129,5 tỷ đồng (09/11/2026)",
        ]
    ]


def test_what_cannot_be_compared_is_said_in_words_and_has_no_empty_columns() -> None:
    alone = facts(value("MONEY", OCTOBER, 7e12))
    document = made(
        text("Thu đạt {MONEY}, {MONEY:change}.", missing="say"),
        {"block": "indicators", "title": "t", "indicators": ["MONEY"]},
        of=alone,
    )
    assert paragraphs(document)[0] == ("Thu đạt 7.000 tỷ đồng, chưa có số liệu cùng kỳ để so sánh.")
    (table,) = tables(document)
    assert [column.title for column in table.columns] == ["Chỉ tiêu", "Đơn vị tính", "Thực hiện"]
    assert table.notes == ("Chưa có số liệu cùng kỳ năm trước để so sánh.",)
