"""A known error is corrected only while it is sent as the register says; no row vanishes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.base import BatchContext, column
from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.catalog.corrections import Correction
from ioc_pipelines.intake.batch import batch_id
from ioc_pipelines.intake.conform import ROW_ID, Conformed, conform
from ioc_pipelines.intake.corrections import MARK, Corrected, correct
from ioc_pipelines.quality.known_errors import KNOWN_ERROR, with_dropped
from ioc_pipelines.quality.split import judge
from tests.intake.test_batch import entry
from tests.quality.frames import contract_of

CONTRACT = contract_of(
    {
        "code": (str, column(vi="Mã", en="code")),
        "unit": (str, column(vi="Đơn vị", en="unit", nullable=True)),
        "amount": (int, column(vi="Số tiền", en="amount", nullable=True, ge=0)),
        "rate": (float, column(vi="Tỷ lệ", en="rate", nullable=True)),
        "day": (pl.Date, column(vi="Ngày", en="day", nullable=True)),
    },
    key=("code", "unit"),
)
COLUMNS = {
    name: Column(source=name, date="%d/%m/%Y" if name == "day" else None)
    for name in CONTRACT.polars_schema()
}
ROWS = [
    ("001", "a", "1200", "0.5", "01/02/2026"),
    ("001", None, "7", "1.25", None),
    ("002", "a", "12O", None, "x"),
    ("003", "a", "5", "2", "02/02/2026"),
]
CONTEXT = BatchContext(datetime(2026, 11, 20, tzinfo=UTC))


def received(rows: list[Any]) -> Conformed:
    names = list(COLUMNS)
    values = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    table = pl.DataFrame(
        {
            "_file": pl.Series(["a.csv"] * len(rows), dtype=pl.String),
            "_sheet": pl.Series([None] * len(rows), dtype=pl.String),
            "_row": pl.Series(range(2, len(rows) + 2), dtype=pl.Int64),
            **{n: pl.Series(v, dtype=pl.String) for n, v in zip(names, values, strict=True)},
        }
    )
    return conform(table, COLUMNS, CONTRACT.polars_schema())


def known(code: str = "001", unit: str | None = "a", **facts: Any) -> Correction:
    common = {
        "id": "k1",
        "key": {"code": code, "unit": unit},
        "column": "amount",
        "reason": "sai",
        "provider": "Sở",
        "reported_on": date(2026, 11, 1),
        "status": "active",
    }
    return Correction.model_validate({**common, **facts})


OVERRIDE = known(action="override", value=12, expected=1200)


def corrected(*corrections: Correction, rows: Any = ROWS) -> Corrected:
    return correct(received(rows), CONTRACT, corrections)


def column_of(result: Corrected, name: str) -> list[Any]:
    return result.batch.rows[name].to_list()


def test_without_a_register_a_batch_is_what_it_was() -> None:
    batch = received(ROWS)
    result = correct(batch, CONTRACT, ())
    assert result.batch.rows.drop(MARK).equals(batch.rows)
    assert result.batch.rows[MARK].null_count() == 4
    assert result.batch.unreadable.equals(batch.unreadable)
    assert (result.dropped.height, result.found.height, result.digest) == (0, 0, "")


def test_override_puts_the_right_value_in_that_cell_only() -> None:
    result = corrected(OVERRIDE)
    assert column_of(result, "amount") == [12, 7, None, 5]
    assert column_of(result, MARK) == ["k1", None, None, None]
    (row,) = result.found.to_dicts()
    assert (row["found"], row["raw"], row["corrected"], row["_row"]) == ("applied", "1200", "12", 2)
    assert result.batch.received["amount"].to_list()[0] == "1200", "what was received stays"


def test_override_with_nothing() -> None:
    assert (
        column_of(corrected(known(action="override", value=None, expected=1200)), "amount")[0]
        is None
    )


def test_scale_multiplies() -> None:
    whole = known(action="scale", factor=0.01, expected=1200)
    rate = known(action="scale", factor=100, expected=0.5, column="rate", id="k2")
    result = corrected(whole, rate)
    assert column_of(result, "amount")[0] == 12
    assert column_of(result, "rate")[0] == 50.0
    assert column_of(result, MARK)[0] == "k1,k2"


def test_flag_marks_and_changes_nothing() -> None:
    result = corrected(known(action="flag", expected=date(2026, 2, 1), column="day"))
    assert result.batch.rows.drop(MARK).equals(received(ROWS).rows)
    assert column_of(result, MARK) == ["k1", None, None, None]


def test_drop_takes_the_row_out_as_it_came() -> None:
    result = corrected(
        known(action="drop", expected=1200),
        known(action="override", value=1.0, expected=0.5, column="rate", id="k2"),
    )
    assert column_of(result, "code") == ["001", "002", "003"]
    assert result.dropped.select("code", "amount", "rate").rows() == [("001", 1200, 0.5)]


def test_a_key_without_a_value_is_found_too() -> None:
    result = corrected(known(unit=None, action="override", value=8, expected=7))
    assert column_of(result, "amount") == [1200, 8, None, 5]


def test_a_cell_that_cannot_be_read_is_corrected() -> None:
    result = corrected(known("002", action="override", value=120, expected="12O"))
    assert column_of(result, "amount") == [1200, 7, 120, 5]
    assert result.batch.unreadable.select("column", "text").rows() == [("day", "x")]


def test_a_cell_that_is_expected_to_be_empty() -> None:
    result = corrected(known("002", action="override", value=1.5, expected=None, column="rate"))
    assert column_of(result, "rate") == [0.5, 1.25, 1.5, 2.0]


@pytest.mark.parametrize(
    "stale",
    [
        known(action="override", value=12, expected=1201),
        known(action="override", value=12, expected=None),
        known(action="override", value=12, expected="1200"),
        known("002", action="override", value=12, expected=12),
        known("002", action="override", value=12, expected=None),
        known(action="drop", expected=1),
        known(action="scale", factor=2, expected=1),
        known(action="flag", expected=1),
    ],
    ids=lambda known: f"{known.action} {known.expected!r}",
)
def test_what_is_not_sent_as_expected_goes_on_uncorrected(stale: Correction) -> None:
    result = corrected(stale)
    assert result.batch.rows.drop(MARK).equals(received(ROWS).rows)
    assert result.batch.rows[MARK].null_count() == 4
    assert (result.ids("differs"), result.ids("applied"), result.digest) == (["k1"], [], "")
    assert result.found["corrected"].null_count() == result.found.height


def test_a_row_that_does_not_come_is_told() -> None:
    result = corrected(known("009", action="flag", expected=1))
    assert (result.ids("absent"), result.ids("differs")) == (["k1"], [])
    assert result.found["raw"].to_list() == [None]


def test_of_two_rows_with_the_key_only_the_wrong_one_is_dropped() -> None:
    """Whichever of the two came first."""
    rows = [("001", "a", "1200", None, None), ("001", "a", "12", None, None)]
    for order in (rows, rows[::-1]):
        result = corrected(known(action="drop", expected=1200), rows=order)
        assert column_of(result, "amount") == [12]
        assert (result.ids("applied"), result.ids("differs")) == (["k1"], [])


def test_a_row_with_two_known_errors_names_both_by_id() -> None:
    result = corrected(
        known(action="override", value=1.0, expected=0.5, column="rate", id="k2"),
        known(action="flag", expected=1200),
    )
    assert column_of(result, MARK) == ["k1,k2", None, None, None]


def test_a_text_that_cannot_be_read_is_corrected_as_text() -> None:
    """A column of texts expects a text, whether it could be read or not."""
    contract = contract_of(
        {
            "code": (str, column(vi="Mã", en="code")),
            "note": (str, column(vi="Ghi chú", en="note", nullable=True)),
        },
        key=("code",),
    )
    rows = pl.DataFrame(
        {ROW_ID: [0], "_file": ["a.csv"], "_sheet": [None], "_row": [2], "code": ["1"]},
        schema_overrides={ROW_ID: pl.UInt32, "_sheet": pl.String},
    ).with_columns(note=pl.lit(None, pl.String))
    unreadable = pl.DataFrame(
        {ROW_ID: [0], "column": ["note"], "text": ["B×ng"]}, schema_overrides={ROW_ID: pl.UInt32}
    )
    said = known(action="override", value="Bằng", expected="B×ng", column="note")
    mended = said.model_copy(update={"key": {"code": "1"}})
    result = correct(Conformed(rows, 1, unreadable), contract, [mended])
    assert result.batch.rows["note"].to_list() == ["Bằng"]
    assert result.batch.unreadable.is_empty()


@pytest.mark.parametrize("status", ["mended", "withdrawn"])
def test_what_is_no_longer_active_is_not_applied(status: str) -> None:
    result = corrected(known(action="override", value=12, expected=1200, status=status))
    assert column_of(result, "amount")[0] == 1200
    assert result.found.is_empty()


def test_corrections_that_apply_make_another_batch_and_others_do_not() -> None:
    feed, batch = entry(), received(ROWS)

    def id_with(*corrections: Correction) -> str:
        return batch_id(feed, CONTRACT, batch, correct(batch, CONTRACT, corrections).digest)

    plain = batch_id(feed, CONTRACT, batch)
    other = known(action="override", value=13, expected=1200)
    assert id_with() == plain
    assert id_with(known("009", action="flag", expected=1)) == plain
    assert id_with(known(action="override", value=12, expected=1)) == plain
    assert (
        len(
            {plain, id_with(OVERRIDE), id_with(other), id_with(known(action="drop", expected=1200))}
        )
        == 4
    )
    second = known("003", action="flag", expected=5, id="k2")
    assert id_with(OVERRIDE, second) == id_with(second, OVERRIDE) != id_with(OVERRIDE)


# -- any register, any rows -----------------------------------------------------------------------

CODES, UNITS = st.sampled_from(["1", "2", "3"]), st.sampled_from(["a", "b", None])
AMOUNTS = st.sampled_from(["0", "1", "2", "-1", "x", None])


@st.composite
def registers(draw: st.DrawFn) -> list[Correction]:
    keys = draw(st.lists(st.tuples(CODES, UNITS), unique=True, max_size=6))
    found = []
    for number, (code, unit) in enumerate(keys):
        action = draw(st.sampled_from(["drop", "override", "scale", "flag"]))
        facts: dict[str, Any] = {"expected": draw(st.sampled_from([0, 1, 2, -1, "x", None]))}
        if action == "override":
            facts["value"] = draw(st.sampled_from([5, 6]))
        if action == "scale":
            facts = {"expected": draw(st.sampled_from([1, 2, -1])), "factor": 10}
        found.append(known(code, unit, id=f"k{number}", action=action, **facts))
    return found


@settings(max_examples=50)
@given(
    rows=st.lists(st.tuples(CODES, UNITS, AMOUNTS, st.none(), st.none()), max_size=8),
    register=registers(),
)
def test_no_row_vanishes_and_the_same_delivery_comes_to_the_same(
    rows: list[Any], register: list[Correction]
) -> None:
    batch = received(rows)
    result = correct(batch, CONTRACT, register)
    verdict = with_dropped(judge(CONTRACT, result.batch, CONTEXT, 0.0), result.dropped)
    assert verdict.rows_received == len(rows)
    assert len(rows) == (
        verdict.accepted.height + verdict.quarantined.height + verdict.rows_duplicate
    )
    ids = Counter([*verdict.accepted[ROW_ID], *verdict.quarantined[ROW_ID]])
    assert set(ids.values()) <= {1}
    dropped = verdict.broken.filter(rule=KNOWN_ERROR.id)[ROW_ID].to_list()
    assert dropped == result.dropped[ROW_ID].to_list()
    # the same again, in whatever order the register stands
    again = correct(received(rows), CONTRACT, register[::-1])
    assert again.batch.rows.equals(result.batch.rows)
    assert again.digest == result.digest
    assert again.found.equals(result.found)
    # what is corrected is corrected once: a mended source is changed no more
    sent = Conformed(result.batch.rows.drop(MARK), batch.received, result.batch.unreadable)
    assert correct(sent, CONTRACT, register).batch.rows.drop(MARK).equals(sent.rows)
