"""Rules that refuse rows by their neighbours. The rows to be found are placed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from contracts.base import VIETNAM, BatchContext, BatchFinding, BatchRule
from contracts.value_rules import (
    exists_in,
    not_listed,
    not_stuck,
    residue,
    roll_up_left_out,
    unit_allowed,
    year_of_code,
)
from tests.quality.frames import ARRIVED

CONTEXT = BatchContext(ARRIVED, {"land.plot.code": pl.Series(["a", "b", "c"])})
START = datetime(2026, 1, 1)  # noqa: DTZ001


def refused(rule: BatchRule, frame: pl.DataFrame, context: BatchContext = CONTEXT) -> list[int]:
    """The numbers of the rows that the rule refuses; its counts must agree."""
    found = rule.judge(frame, context)
    assert found.rows is not None
    assert found.evaluated == frame.height
    assert found.passed == frame.height - int(found.rows.sum())
    return found.rows.arg_true().to_list()


# --- residue -------------------------------------------------------------------------------------


def test_the_10_rows_of_12000_whose_values_landed_in_a_note_are_found() -> None:
    words = ["", "đã kiểm tra", "bổ sung hồ sơ ngày 3 tháng 5", "Số 12 đường Nguyễn Văn Linh"]
    notes: list[str | None] = [
        None if i % 5 == 0 else f"{words[i % 4]} {'x' * (i % 7)}" for i in range(12_000)
    ]
    places = [17 + 1100 * i for i in range(10)]
    for i, place in enumerate(places):
        notes[place] = f"{10 ** (i % 4) + i}.{'5' * (1 + i % 3)}"  # 1.5, 11.55, 102.555, …
    frame = pl.DataFrame({"note": notes, "amount": [1.0] * 12_000})
    assert refused(residue("note"), frame) == places


def test_four_of_one_form_may_be_chance_and_words_are_words() -> None:
    rule = residue("note", at_least=5)
    assert refused(rule, pl.DataFrame({"note": ["1,5"] * 4})) == []
    assert refused(rule, pl.DataFrame({"note": ["1,5"] * 5})) == [0, 1, 2, 3, 4]
    assert refused(rule, pl.DataFrame({"note": ["không", "tổ 5 thôn 3"] * 9})) == []
    dates = ["03/05/2026", "04/05/2026", "05/06/2026", "17/12/2025", "01/01/2026"]
    assert refused(rule, pl.DataFrame({"note": dates})) == [0, 1, 2, 3, 4]


def test_the_10_rows_of_12000_whose_words_of_a_closed_list_landed_in_a_note_are_found() -> None:
    """The state of a dossier shifted into the note; a sentence that has the word is a sentence."""
    words = ["hồ sơ đang xử lý tại xã", "đã trả kết quả ngày 3", "", "liên hệ ông trưởng thôn"]
    notes: list[str | None] = [None if i % 5 == 0 else words[i % 4] for i in range(12_000)]
    places = [17 + 1100 * i for i in range(10)]
    for i, place in enumerate(places):
        notes[place] = ["Đang xử lý", "ĐÃ TRẢ", " đã trả "][i % 3]
    frame = pl.DataFrame({"note": notes})
    states = ("Đã tiếp nhận", "Đang xử lý", "Đã trả")
    assert refused(residue("note", words=states), frame) == places
    assert refused(residue("note"), frame) == []
    assert refused(residue("note", words=states, at_least=11), frame) == []
    assert refused(residue("note", words=states, at_least=10), frame) == places


def test_spaces_around_a_value_are_not_its_form() -> None:
    notes = ["1,5", " 2,5", "3,5 ", "  4,5", "5,5  "]
    assert refused(residue("note"), pl.DataFrame({"note": notes})) == [0, 1, 2, 3, 4]


# --- sensors -------------------------------------------------------------------------------------


def test_a_sensor_that_repeats_itself_is_found_in_the_order_of_time() -> None:
    """Rows come shuffled: of a, hours 2 to 5 are alike; of b each second hour is."""
    hours = {"a": [1, 2, 7, 7, 7, 7, 8], "b": [7, 0, 7, 0, 7, 0, 7]}
    rows = [
        (sensor, START + timedelta(hours=hour), value)
        for sensor, values in hours.items()
        for hour, value in enumerate(values)
    ]
    shuffled = rows[::2] + rows[1::2]
    frame = pl.DataFrame(shuffled, schema=["station", "at", "aqi"], orient="row")
    rule = not_stuck("aqi", sensor="station", time="at", at_most=3)
    found = frame[refused(rule, frame)].sort("at")
    assert found["station"].to_list() == ["a"] * 4
    assert found["at"].to_list() == [START + timedelta(hours=h) for h in (2, 3, 4, 5)]
    assert rule.judge(frame, CONTEXT).detail == "4 dòng: a"
    longer = not_stuck("aqi", sensor="station", time="at", at_most=4)
    assert refused(longer, frame) == []


def test_a_run_that_began_in_the_batch_before_goes_on() -> None:
    """a repeats 7 in the last two hours of the night before and the first two of this one."""

    def night(start: int, **sensors: list[int]) -> pl.DataFrame:
        rows = [
            (sensor, START + timedelta(hours=start + hour), value)
            for sensor, values in sensors.items()
            for hour, value in enumerate(values)
        ]
        return pl.DataFrame(rows, schema=["station", "at", "aqi"], orient="row")

    before, now = (
        night(0, a=[1, 7, 7], b=[7, 7, 7]),
        night(3, a=[7, 7, 2], b=[8, 7, 7], c=[7, 7, 7]),
    )
    rule = not_stuck("aqi", sensor="station", time="at", at_most=3)
    assert refused(rule, now) == []
    context = BatchContext(ARRIVED, previous=before.lazy())
    assert refused(rule, now, context) == [0, 1]
    # hours that are sent again are no longer run
    assert refused(rule, before, BatchContext(ARRIVED, previous=before.lazy())) == []


def test_what_another_sensor_says_of_an_hour_does_not_end_a_run_of_before() -> None:
    hours = [START + timedelta(hours=hour) for hour in range(4)]
    before = pl.DataFrame({"station": ["a"] * 3, "at": hours[:3], "aqi": [7, 7, 7]})
    now = pl.DataFrame(
        {"station": ["b", "b", "b", "a"], "at": [*hours[:3], hours[3]], "aqi": [1, 2, 3, 7]}
    )
    rule = not_stuck("aqi", sensor="station", time="at", at_most=3)
    assert refused(rule, now, BatchContext(ARRIVED, previous=before.lazy())) == [3]


def test_a_sensor_that_says_nothing_is_not_stuck_and_two_sensors_do_not_run_on() -> None:
    rule = not_stuck("aqi", sensor="station", time="at", at_most=2)
    silent = pl.DataFrame(
        {"station": ["a"] * 4, "at": [START + timedelta(hours=h) for h in range(4)], "aqi": None},
        schema_overrides={"aqi": pl.Int64},
    )
    assert refused(rule, silent) == []
    two = silent.with_columns(pl.Series("station", ["a", "a", "b", "b"]), pl.lit(5).alias("aqi"))
    assert refused(rule, two) == []


# --- sums ----------------------------------------------------------------------------------------


def test_a_total_that_is_sent_as_a_unit_is_found() -> None:
    frame = pl.DataFrame(
        {
            "year": [2024] * 4 + [2025] * 4 + [2026] * 3,
            "unit": ["1", "2", "3", "all"] * 2 + ["1", "2", "all"],
            "amount": [1.1, 2.2, 3.3, 6.6, 1.0, 2.0, 3.0, 7.0, 1.0, 2.0, 3.0],
        }
    )
    # 2025 does not add up; of three rows any two may add up to the third
    assert refused(roll_up_left_out("amount", by=["year"]), frame) == [3]


def test_zeroes_and_empty_cells_are_no_totals() -> None:
    rule = roll_up_left_out("amount", by=["year"])
    for amounts in ([0, 0, 0, 0, None], [5, 5, 0, 0, 0], [5, 5, None, None, None], [3, 2, 1, 0, 0]):
        frame = pl.DataFrame({"year": [2024] * 5, "amount": amounts})
        assert refused(rule, frame) == []
    assert refused(rule, pl.DataFrame({"year": [2024] * 5, "amount": [6, 3, 2, 1, 0]})) == [0]


def test_a_zero_is_no_total_of_amounts_that_cancel_out() -> None:
    frame = pl.DataFrame({"year": [2024] * 5, "amount": [5, -5, 3, -3, 0]})
    assert refused(roll_up_left_out("amount", by=["year"]), frame) == []


# --- units, codes, other datasets ----------------------------------------------------------------


def test_a_unit_must_be_one_that_its_parameter_comes_in() -> None:
    rule = unit_allowed("unit", parameter="what", allowed={"cpi": ["%"], "exports": ["USD", "VND"]})
    frame = pl.DataFrame(
        {
            "what": ["cpi", "cpi", "exports", "exports", "other", "cpi"],
            "unit": ["%", "USD", "VND", "%", "USD", "kg"],
        }
    )
    # "other" and "kg" are said by the rules of their own columns
    assert refused(rule, frame) == [1, 3]


def test_the_year_of_a_code_is_that_of_its_date() -> None:
    rule = year_of_code("code", date="at", pattern=r"^PA-(\d{4})")
    frame = pl.DataFrame(
        {"code": ["PA-2026-1", "PA-2025-1", "x", "PA-2026-2"], "at": [START, START, START, None]}
    )
    assert refused(rule, frame) == [1]


def test_two_digits_of_a_code_are_a_year_of_this_century() -> None:
    rule = year_of_code("code", date="at", pattern=r"^H(\d{2})-")
    frame = pl.DataFrame({"code": ["H26-1", "H25-1", "H06-1"], "at": [START] * 3})
    assert refused(rule, frame) == [1, 2]


def test_the_year_of_a_code_says_nothing_beside_a_date_that_is_still_to_come() -> None:
    """Up to the moment of arrival, as the clock in Viet Nam showed it."""
    arrived = ARRIVED.astimezone(VIETNAM).replace(tzinfo=None)
    days = [arrived + timedelta(days=500), arrived + timedelta(hours=1), arrived]
    frame = pl.DataFrame({"code": ["PA-2020-1"] * 3, "at": days})
    rule = year_of_code("code", date="at", pattern=r"^PA-(\d{4})")
    assert refused(rule, frame, BatchContext(ARRIVED.astimezone(UTC))) == [2]


def test_what_another_dataset_does_not_have_is_found() -> None:
    rule = exists_in("plot", dataset="land.plot", dataset_column="code")
    frame = pl.DataFrame({"plot": ["a", "z", None, "c"]})
    assert refused(rule, frame) == [1]
    nothing = BatchContext(ARRIVED, {"land.plot.code": pl.Series([], dtype=pl.String)})
    assert rule.judge(frame, nothing) == BatchFinding(0, 0)


def test_what_must_not_be_listed() -> None:
    rule = not_listed("plot", reference="taken", rule_id="correct.free", message_vi="Đã có")
    frame = pl.DataFrame({"plot": ["a", "z", None, "c"]})
    context = BatchContext(ARRIVED, {"taken": pl.Series(["c", "a"])})
    assert refused(rule, frame, context) == [0, 3]
    assert refused(rule, frame) == []


def test_a_finding_about_rows_shows_no_cell() -> None:
    rule = exists_in("plot", dataset="land.plot", dataset_column="code")
    assert rule.judge(pl.DataFrame({"plot": ["Nguyễn Thị B"]}), CONTEXT).detail == "1 dòng"


# --- each can be spoilt --------------------------------------------------------------------------

GOOD = pl.DataFrame(
    {
        "station": ["s"] * 12,
        "at": [START + timedelta(days=d) for d in range(12)],
        "aqi": [50 + d for d in range(12)],
        "amount": [1.0, 2.0, 4.0, 8.0] * 3,
        "year": [2024] * 4 + [2025] * 4 + [2026] * 4,
        "what": ["cpi", "exports"] * 6,
        "unit": ["%", "USD"] * 6,
        "code": ["PA-2026-1"] * 12,
        "plot": ["a", "b", "c"] * 4,
        "note": ["đã kiểm tra lại", None] * 6,
    }
)


@pytest.mark.parametrize(
    "rule",
    [
        residue("note"),
        not_stuck("aqi", sensor="station", time="at", at_most=6),
        roll_up_left_out("amount", by=["year"]),
        unit_allowed("unit", parameter="what", allowed={"cpi": ["%"], "exports": ["USD"]}),
        year_of_code("code", date="at", pattern=r"^PA-(\d{4})"),
        exists_in("plot", dataset="land.plot", dataset_column="code"),
    ],
    ids=lambda rule: rule.rule.id,
)
def test_a_spoilt_batch_breaks_the_rule_and_a_good_one_does_not(rule: BatchRule) -> None:
    assert refused(rule, GOOD) == []
    spoilt, context = rule.spoil(GOOD, CONTEXT)
    assert spoilt.height == GOOD.height
    assert refused(rule, spoilt, context)
