"""The printed annex: communes and periods together, the province always by itself."""

from datetime import date

from ioc_pipelines.serving.reports.annex import printed
from ioc_pipelines.serving.reports.compose import compose
from ioc_pipelines.serving.reports.periods import Period
from tests.serving.reports.report_facts import COMMUNES, ISSUER, OCTOBER, facts, kind, value

SUPPLY = (("so_a/x.y", "b1"),)


def told(*blocks: dict[str, object]) -> list[list[str]]:
    months = [value("MONEY", date(2026, m, 1), m * 1e12) for m in range(4, 11)]
    rates = [value("RATE", OCTOBER, 80.0, unit_id=unit["unit_id"]) for unit in COMMUNES]
    of = facts(*months, *rates)
    of = facts(*months, *rates, lineage=dict.fromkeys(of.values, SUPPLY))
    document = compose(kind(*blocks), ISSUER, of, Period.parse("2026-10"))
    return [[cell.text for cell in row] for row in printed(document)[0].rows]


def test_communes_are_told_together_and_the_province_by_itself() -> None:
    rows = told(
        {"block": "text", "text": "{RATE}"},
        {"block": "communes", "title": "t", "indicators": ["RATE"]},
    )
    assert rows == [
        [
            "Tỷ lệ đúng hạn",
            "Tháng 10/2026, Tỉnh Hưng Yên: thực hiện 88,5%; Tháng 10/2026: 4 xã, phường.",
            "Sở A: Biểu tháng",
            "b1",
        ]
    ]


def test_the_points_of_a_line_are_told_together() -> None:
    (row,) = told({"block": "line", "indicator": "MONEY", "periods": 7})
    assert row[1] == "7 kỳ trong biểu đồ, từ tháng 4/2026 đến tháng 10/2026."
