from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.base import Contract, ContractInfo, column
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.catalog.models import Agency
from ioc_pipelines.intake.batch import batch_id, duplicate_rows, layout_hash
from ioc_pipelines.intake.conform import Conformed, conform
from ioc_pipelines.intake.layout.table import CELL
from tests.quality.frames import contract_of

CONTRACT = contract_of(
    {
        "code": (str, column(vi="Mã", en="code")),
        "amount": (int, column(vi="Số tiền", en="amount", nullable=True)),
        "day": (pl.Date, column(vi="Ngày", en="day", nullable=True)),
    },
    key=("code",),
)
COLUMNS: dict[str, Any] = {
    "code": "Mã",
    "amount": {"source": "Số tiền", "number": "vi"},
    "day": {"source": "Ngày", "date": "%d/%m/%Y"},
}
ROWS = [("001", "1.000", "01/02/2026"), ("002", "5", None), ("002", "5", None), ("003", "", "x")]
Cells = tuple[Any, Any, Any]


def entry(**changes: Any) -> FeedEntry:
    feed = {
        "dataset": "testing.made_up",
        "title_vi": "Thử",
        "status": {"state": "active", "since": "2026-11-01"},
        "classification": "internal",
        "sharing": "default",
        "cadence": "monthly",
        "late_after": "35d",
        "head": {"position": "Giám đốc", "unit": "Sở"},
        "focal_point": {"position": "Trưởng phòng", "unit": "Sở"},
        "connector": {"kind": "files", "root_env": "ROOT", "pattern": "*.csv"},
        "layout": {"format": "csv"},
        "columns": COLUMNS,
    } | changes
    agency = Agency.model_validate(
        {"code": "so", "name_vi": "Sở", "name_en": "Office", "level": "provincial", "feeds": [feed]}
    )
    return FeedEntry(agency, agency.feeds[0], CONTRACT)


def received(
    rows: list[Cells], *, file: str = "a.csv", cells: Any = pl.String, feed: FeedEntry | None = None
) -> Conformed:
    count = len(rows)
    names = ("Mã", "Số tiền", "Ngày")
    values = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    table = pl.DataFrame(
        {
            "_file": pl.Series([file] * count, dtype=pl.String),
            "_sheet": pl.Series([None] * count, dtype=pl.String),
            "_row": pl.Series(range(2, count + 2), dtype=pl.Int64),
            **{n: pl.Series(v, dtype=cells) for n, v in zip(names, values, strict=True)},
        }
    )
    return conform(table, (feed or entry()).feed.columns, CONTRACT.polars_schema())


def id_of(
    rows: list[Cells],
    *,
    feed: FeedEntry | None = None,
    contract: type[Contract] = CONTRACT,
    **how: Any,
) -> str:
    feed = feed or entry()
    return batch_id(feed, contract, received(rows, feed=feed, **how))


def test_the_same_content_has_the_same_id() -> None:
    first = id_of(ROWS)
    assert first == id_of(ROWS)
    assert len(first) == 16
    assert set(first) <= set("0123456789abcdef")
    assert first == id_of(list(reversed(ROWS)))
    assert first == id_of(ROWS, file="another name.csv")
    another_hand = [("001", " 1000", "1/2/2026"), *ROWS[1:3], ("003", None, "x")]
    assert first == id_of(another_hand), "the rows say the same"


@settings(max_examples=30)
@given(data=st.data())
def test_row_order_does_not_matter_and_every_cell_does(data: st.DataObject) -> None:
    texts = st.sampled_from([None, "", "0", "a", '"', ",", "\n", "a,b"])
    rows = data.draw(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=6))
    first = id_of(rows)
    assert id_of(data.draw(st.permutations(rows))) == first
    place = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 2))
    changed = [list(row) for row in rows]
    changed[place[0]][place[1]] = "changed"
    assert id_of([(a, b, c) for a, b, c in changed]) != first


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("001", "1000", "01/02/2026"), *ROWS[1:]], id="a spelling"),
        pytest.param([*ROWS[:3], ("003", None, "x")], id="nothing for an empty text"),
    ],
)
def test_rows_that_mean_the_same_have_the_same_id(rows: list[Cells]) -> None:
    assert id_of(rows) == id_of(ROWS)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("001", "1.001", "01/02/2026"), *ROWS[1:]], id="a cell"),
        pytest.param([*ROWS[:3], ("003", "", "y")], id="the text of an unreadable cell"),
        pytest.param([*ROWS[:3], ("003", "", None)], id="nothing for an unreadable cell"),
        pytest.param([*ROWS, ROWS[0]], id="a row more"),
        pytest.param(ROWS[:3], id="a row less"),
        pytest.param([ROWS[0], ROWS[1], ROWS[3]], id="a duplicate less"),
        pytest.param([], id="no rows"),
        pytest.param([(b, a, c) for a, b, c in ROWS], id="columns swapped"),
    ],
)
def test_other_rows_have_another_id(rows: list[Cells]) -> None:
    assert id_of(rows) != id_of(ROWS)


@pytest.mark.parametrize(
    "changes",
    [
        {"layout": {"format": "csv", "delimiter": ";"}},
        {"layout": {"format": "parquet"}},
        {"columns": COLUMNS | {"amount": {"source": "Số tiền", "number": "plain"}}},
        {"columns": COLUMNS | {"amount": {"source": "Số tiền", "number": "vi", "scale": 1000}}},
        {"columns": COLUMNS | {"day": {"source": "Ngày", "date": "%m/%d/%Y"}}},
        {"columns": COLUMNS | {"code": {"source": "Mã", "pad": 5}}},
        {"columns": COLUMNS | {"code": {"source": "Mã", "values": {"001": "1"}}}},
        {"columns": COLUMNS | {"code": {"source": "Mã", "nulls": ["001"]}}},
        {"columns": COLUMNS | {"code": "Ngày", "day": {"source": "Mã", "date": "%d/%m/%Y"}}},
        {"variant": "second"},
    ],
    ids=str,
)
def test_another_way_to_read_the_feed_has_another_id(changes: dict[str, Any]) -> None:
    assert id_of(ROWS, feed=entry(**changes)) != id_of(ROWS)


@pytest.mark.parametrize(
    "changes",
    [
        {"title_vi": "Tên khác"},
        {"acceptance_floor": 0.5},
        {"late_after": "10d"},
        {"connector": {"kind": "files", "root_env": "ROOT", "pattern": "new_folder/*.csv"}},
        {"columns": dict(reversed(COLUMNS.items()))},
    ],
    ids=str,
)
def test_what_does_not_change_the_rows_does_not_change_the_id(changes: dict[str, Any]) -> None:
    assert id_of(ROWS, feed=entry(**changes)) == id_of(ROWS)
    assert layout_hash(entry(**changes)) == layout_hash(entry())


def test_another_contract_version_has_another_id() -> None:
    info = CONTRACT.info()

    class Newer(CONTRACT):  # type: ignore[misc,valid-type]
        __contract__ = ContractInfo(**{**vars(info), "version": "1.0.1"})

    assert id_of(ROWS, contract=Newer) != id_of(ROWS)


def test_a_number_is_not_the_text_that_looks_like_it() -> None:
    """Under the form ``vi`` the text 1.234 is a thousand times the number 1.234."""

    def cells(number: float | None) -> list[Cells]:
        code, day = {"text": "001", "number": None}, {"text": None, "number": None}
        return [(code, {"text": "1.234", "number": number}, day)]

    as_text, as_number = (received(cells(number), cells=CELL) for number in (None, 1.234))
    assert as_text.rows["amount"].to_list() != as_number.rows["amount"].to_list()
    assert id_of(cells(None), cells=CELL) != id_of(cells(1.234), cells=CELL)


# --- exact duplicates ---------------------------------------------------------------------------


def duplicates(rows: list[Cells]) -> list[bool]:
    return duplicate_rows(received(rows), CONTRACT).to_list()


def test_a_row_that_says_the_same_is_a_duplicate() -> None:
    rows = [
        ("001", "1.000", "01/02/2026"),
        ("001", "1000", " 1/2/2026"),
        ("001", "1.000", "01/02/2026"),
        ("001", "1.001", "01/02/2026"),
        ("002", "1.000", "01/02/2026"),
    ]
    assert duplicates(rows) == [False, True, True, False, False]


def test_nothing_and_an_empty_text_say_the_same() -> None:
    assert duplicates([("001", None, None), ("001", "", " ")]) == [False, True]


def test_two_unreadable_cells_with_different_texts_are_two_rows() -> None:
    rows = [
        ("001", "mười", None),
        ("001", "mười hai", None),
        ("001", None, None),
        ("001", "mười", None),
    ]
    assert duplicates(rows) == [False, False, False, True]


def test_only_the_unreadable_cell_counts_by_its_text() -> None:
    rows = [("001", "mười", "01/02/2026"), ("001", "mười", "1/2/2026")]
    assert duplicates(rows) == [False, True]


def test_unreadable_cells_of_different_columns_are_not_the_same() -> None:
    assert duplicates([("001", "x", None), ("001", None, "x")]) == [False, False]


def test_no_rows_no_duplicates() -> None:
    assert duplicates([]) == []
