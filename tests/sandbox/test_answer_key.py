"""The answer key counts what was planted; that the pipeline finds it is held by tests/e2e."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from ioc_pipelines.sandbox.answer_key import AnswerKey, FeedKey, refused_in_file, refused_in_table
from ioc_pipelines.sandbox.defects import MARKS
from tests.sandbox.conftest import AS_OF, Sandbox

PLANTED = pl.DataFrame(
    {
        "ma": ["a", "b", "b", "c"],
        "rule": [None, "correct.min", None, None],
        "column": [None, "cases", None, None],
        "also_rule": [None] * 4,
        "also_column": [None] * 4,
        "duplicate": [False, False, False, True],
    },
    schema_overrides=dict.fromkeys(MARKS[:4], pl.String),
)


def test_places_are_those_a_person_sees() -> None:
    (row,) = refused_in_file(PLANTED, "x.xlsx", first_row=9, sheet="Biểu")
    assert (row.file, row.sheet, row.row, row.key) == ("x.xlsx", "Biểu", 10, None)
    (row,) = refused_in_table(PLANTED, "lgsp/HoSoTTHC", key="ma")
    assert (row.row, row.key, row.rule, row.column) == (None, "b", "correct.min", "cases")


def test_a_row_that_breaks_two_rules_is_one_row_and_is_told_twice() -> None:
    twice = PLANTED.with_columns(
        also_rule=pl.when(pl.col("rule").is_not_null()).then(pl.lit("clean.format")),
        also_column=pl.lit(None, pl.String),
    )
    for found in (
        refused_in_file(twice, "x.xlsx", first_row=9),
        refused_in_table(twice, "t", key="ma"),
    ):
        assert [(row.rule, row.column) for row in found] == [
            ("correct.min", "cases"),
            ("clean.format", None),
        ]
        assert len({(row.row, row.key) for row in found}) == 1
        key = FeedKey.of(twice, found)
        assert (key.rows_quarantined, key.rows_accepted) == (1, 2)
        assert (key.dimensions["correct"], key.dimensions["clean"]) == (1, 1)
        with pytest.raises(ValidationError, match="accounted for"):
            FeedKey.of(twice, [])


def test_counts_add_up(sandbox: Sandbox) -> None:
    key = FeedKey.of(PLANTED, refused_in_table(PLANTED, "t", key="ma"))
    assert (key.rows_received, key.rows_duplicate, key.rows_quarantined) == (4, 1, 1)
    assert key.rows_accepted == 2
    for known in sandbox.answers.feeds.values():
        assert known.dimensions == Counter(row.rule.partition(".")[0] for row in known.refused) | {
            dimension: 0 for dimension in known.dimensions if not known.dimensions[dimension]
        }


def test_a_key_that_does_not_add_up_is_refused() -> None:
    good = FeedKey.of(PLANTED, refused_in_table(PLANTED, "t", key="ma")).model_dump()
    with pytest.raises(ValidationError, match="5 rows received, 4 accounted for"):
        FeedKey.model_validate({**good, "rows_received": 5})


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    key = AnswerKey(as_of=AS_OF, seed=1, feeds={"a/b.c": FeedKey.of(PLANTED.head(1), [])})
    key.write(tmp_path)
    assert AnswerKey.read(tmp_path) == key
