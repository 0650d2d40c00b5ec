"""A register of known errors is found by its feed's name and checked by its feed's contract."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import ValidationError

from contracts.base import column
from ioc_pipelines.catalog.corrections import Correction, typed
from ioc_pipelines.catalog.errors import CatalogError
from ioc_pipelines.catalog.load import FeedEntry, load_catalog
from ioc_pipelines.home import SOURCES
from tests.catalog.test_load import AGENCY, FEED, LETTER, PROFILE
from tests.quality.frames import contract_of

CONTRACT = contract_of(
    {
        "code": (str, column(vi="Mã", en="code")),
        "amount": (int, column(vi="Số", en="amount")),
        "name": (str, column(vi="Tên", en="name", personal=True)),
    },
    key=("code",),
)
CONTRACTS = {"finance.made_up": CONTRACT}
COLUMNS = {"code": "Mã", "amount": "Số", "name": "Tên"}
NAME = "so_thu__finance.made_up"
OVERRIDE: dict[str, Any] = {
    "id": "so-thu-1",
    "key": {"code": "001"},
    "column": "amount",
    "action": "override",
    "value": 12,
    "expected": 1200,
    "reason": "Nhập nhầm đơn vị",
    "provider": "Sở thử",
    "reported_on": "2026-11-02",
    "status": "active",
}
SCALE = {**{k: v for k, v in OVERRIDE.items() if k != "value"}, "action": "scale", "factor": 0.01}
SECRET = "Trịnh Thị Bí Mật"


def loaded(folder: Path, *entries: dict[str, Any], name: str = NAME) -> tuple[FeedEntry, ...]:
    feed = FEED | {"columns": COLUMNS, "letters": {"request": LETTER, "consent": LETTER}}
    files = {
        "profile.yaml": PROFILE,
        "so_thu.yaml": AGENCY | {"feeds": [feed, feed | {"variant": "quy"}]},
        f"corrections/{name}.yaml": {"corrections": list(entries)},
    }
    (folder / "corrections").mkdir()
    for path, content in files.items():
        (folder / path).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return load_catalog(folder, CONTRACTS).entries


def without(*names: str) -> dict[str, Any]:
    return {k: v for k, v in OVERRIDE.items() if k not in names}


def test_a_register_belongs_to_the_feed_it_is_named_after(tmp_path: Path) -> None:
    first, second = loaded(tmp_path, OVERRIDE, SCALE | {"id": "b", "status": "mended"})
    assert [(known.id, known.status) for known in first.corrections] == [
        ("so-thu-1", "active"),
        ("b", "mended"),
    ]
    assert first.corrections[0].reported_on == date(2026, 11, 2)
    assert second.corrections == ()


def test_a_variant_has_its_own(tmp_path: Path) -> None:
    first, second = loaded(tmp_path, OVERRIDE, name=f"{NAME}__quy")
    assert (len(first.corrections), len(second.corrections)) == (0, 1)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            OVERRIDE | {"key": {"commune": "001"}},
            "so-thu-1: key: the key of testing.made_up is code",
        ),
        (OVERRIDE | {"key": {"code": 1}}, "key.code: not a value of the type String"),
        (OVERRIDE | {"column": "sum"}, "column: not a column of testing.made_up"),
        (OVERRIDE | {"column": "code", "value": "2", "expected": "001"}, "drop the row instead"),
        (OVERRIDE | {"column": "name", "value": "A", "expected": SECRET}, "name is personal data"),
        (OVERRIDE | {"value": "12"}, "value: not a value of the type Int64"),
        (OVERRIDE | {"value": 1200}, "value: the same as expected"),
        (OVERRIDE | {"expected": 1.5}, "expected: not a value of the type Int64"),
        (SCALE | {"factor": 0.001}, "factor: not a value of the type Int64"),
        (SCALE | {"expected": None}, "factor: only a number can be scaled"),
        (SCALE | {"factor": 1}, "factor must be a number other than 0 and 1"),
        (without("value"), "override needs value"),
        (without("expected"), "expected: Field required"),
        (without("reason"), "reason: Field required"),
        (OVERRIDE | {"factor": 2}, "override takes no factor"),
        (OVERRIDE | {"action": "drop"}, "drop takes no value"),
        (OVERRIDE | {"status": "done"}, "status: Input should be"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_entry_is_refused_by_file_and_reason(
    tmp_path: Path, entry: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        loaded(tmp_path, entry)
    (told,) = caught.value.problems
    assert told.startswith(f"corrections/{NAME}.yaml: ")
    assert problem in told
    assert SECRET not in told


def test_two_that_speak_of_one_cell_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="it is not clear which applies"):
        loaded(tmp_path, OVERRIDE, SCALE | {"id": "b"})


def test_an_id_is_given_once(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="given twice: so-thu-1"):
        loaded(tmp_path, OVERRIDE, OVERRIDE | {"key": {"code": "002"}})


def test_a_register_of_no_feed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="name it after its feed"):
        loaded(tmp_path, OVERRIDE, name="so_khac__finance.made_up")


def test_the_text_of_an_unreadable_cell_may_be_expected(tmp_path: Path) -> None:
    first, _ = loaded(tmp_path, OVERRIDE | {"expected": "12O"})
    assert first.corrections[0].corrected(pl.Int64()) == 12


def test_a_scaled_value_is_known_at_load() -> None:
    assert Correction.model_validate(SCALE).corrected(pl.Int64()) == 12
    assert Correction.model_validate(SCALE | {"expected": 1.5}).corrected(pl.Float64()) == 0.015


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (True, pl.Int64()),
        (1, pl.String()),
        (1, pl.Boolean()),
        (datetime(2026, 1, 1), pl.Date()),  # noqa: DTZ001
        (date(2026, 1, 1), pl.Datetime()),
        ("2026-01-01", pl.Date()),
    ],
    ids=str,
)
def test_nothing_is_coerced(value: Any, dtype: pl.DataType) -> None:
    with pytest.raises(ValueError, match="not a value of the type"):
        typed(value, dtype)


def test_the_schema_beside_the_sources_says_the_same() -> None:
    schema = json.loads((SOURCES / "corrections.schema.json").read_text(encoding="utf-8"))
    check = Draft202012Validator(schema)
    assert check.is_valid({"corrections": [OVERRIDE, SCALE]})
    for wrong in (without("expected"), OVERRIDE | {"action": "fix"}, OVERRIDE | {"colour": 1}):
        assert not check.is_valid({"corrections": [wrong]})
        with pytest.raises(ValidationError):
            Correction.model_validate(wrong)
