from datetime import date

import pytest

from ioc_pipelines.serving.reports.periods import Period, PeriodError


@pytest.mark.parametrize(
    ("code", "start", "end", "words"),
    [
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29), "tháng 2/2028"),
        ("2027-12", date(2027, 12, 1), date(2027, 12, 31), "tháng 12/2027"),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31), "quý I/2026"),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), "quý IV/2026"),
        ("2026-H2", date(2026, 7, 1), date(2026, 12, 31), "6 tháng cuối năm 2026"),
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "năm 2026"),
    ],
)
def test_a_period_is_read_written_and_named(code: str, start: date, end: date, words: str) -> None:
    period = Period.parse(code)
    assert (period.start, period.end, period.vi, period.code) == (start, end, words, code)


@pytest.mark.parametrize("text", ["2026-13", "2026-Q5", "10/2026", "2026-1", "", "1999-01"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(PeriodError, match=text or "is no period"):
        Period.parse(text)


def test_the_newest_ended_period_of_another_kind() -> None:
    assert Period.parse("2026-10").newest_ended("quarter").code == "2026-Q3"
    assert Period.parse("2026-12").newest_ended("quarter").code == "2026-Q4"
    assert Period.parse("2026-Q3").newest_ended("year").code == "2025"
    assert Period.parse("2026-02").newest_ended("half").code == "2025-H2"


def test_periods_go_over_the_turn_of_the_year() -> None:
    assert Period.parse("2026-01").shifted(-1).code == "2025-12"
    assert Period.parse("2026-H1").shifted(-3).code == "2024-H2"
    assert Period.holding("quarter", date(2026, 11, 30)).code == "2026-Q4"
