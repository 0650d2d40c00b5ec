from __future__ import annotations

import json
import unicodedata
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ioc_pipelines.sandbox import dossier_database
from ioc_pipelines.sandbox.answer_key import FILE_NAME, AnswerKey
from ioc_pipelines.sandbox.province import build
from tests.sandbox import reading
from tests.sandbox.conftest import AS_OF, Sandbox


def test_all_systems_and_their_answers_are_written(sandbox: Sandbox) -> None:
    names = {path.name for path in sandbox.folder.iterdir()}
    assert names == {"so_tai_chinh", "so_y_te", "van_phong_ubnd", FILE_NAME}
    assert AnswerKey.read(sandbox.folder) == sandbox.answers
    assert (sandbox.answers.as_of, sandbox.answers.seed) == (AS_OF, 33)


def test_the_same_arguments_write_the_same_data(
    sandbox: Sandbox, communes: pl.DataFrame, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    shuffled = communes.sample(fraction=1, shuffle=True, seed=1)
    assert build(again, shuffled, as_of=AS_OF) == sandbox.answers
    assert (again / FILE_NAME).read_bytes() == (sandbox.folder / FILE_NAME).read_bytes()
    for folder in ("so_y_te", "so_tai_chinh"):
        assert _bytes(again / folder) == _bytes(sandbox.folder / folder)
    assert list(reading.budget_sheets(again)) == list(reading.budget_sheets(sandbox.folder))
    assert reading.dossier_table(again) == reading.dossier_table(sandbox.folder)


def test_another_seed_writes_other_data_with_as_many_defects(
    sandbox: Sandbox, communes: pl.DataFrame, tmp_path: Path
) -> None:
    other = build(tmp_path / "other", communes, as_of=AS_OF, seed=34)
    for name, feed in other.feeds.items():
        known = sandbox.answers.feeds[name]
        assert feed.dimensions == known.dimensions
        assert feed.refused != known.refused
    assert _bytes(tmp_path / "other" / "so_y_te") != _bytes(sandbox.folder / "so_y_te")


def test_past_figures_stay_when_time_goes_on(
    sandbox: Sandbox, communes: pl.DataFrame, tmp_path: Path
) -> None:
    later = tmp_path / "later"
    answers = build(later, communes, as_of=date(2026, 12, 2))
    spoilt = [*sandbox.answers.feeds.values(), *answers.feeds.values()]
    places = {(row.file, row.row) for feed in spoilt for row in feed.refused}
    for read, key in (
        (reading.budget, ("period", "commune_code")),
        (reading.disease, ("week", "commune_code", "disease")),
    ):
        before, after = (
            {
                tuple(row.values[name] for name in key): row.raw
                for row in read(folder)
                if (row.file, row.row) not in places
            }
            for folder in (sandbox.folder, later)
        )
        common = before.keys() & after.keys()
        assert len(common) > 400
        assert all(before[place] == after[place] for place in common)


@pytest.mark.parametrize("as_of", [date(2026, 1, 1), date(2027, 3, 1), date(2028, 2, 29)])
def test_any_day_can_be_built(communes: pl.DataFrame, tmp_path: Path, as_of: date) -> None:
    answers = build(tmp_path / "sandbox", communes, as_of=as_of)
    assert all(feed.rows_quarantined for feed in answers.feeds.values())


def test_an_existing_sandbox_is_replaced_only_on_request(
    communes: pl.DataFrame, tmp_path: Path
) -> None:
    folder = tmp_path / "sandbox"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    with pytest.raises(FileExistsError):
        build(folder, communes, as_of=AS_OF)
    assert (folder / "old.txt").exists()
    build(folder, communes, as_of=AS_OF, replace=True)
    assert not (folder / "old.txt").exists()
    assert (folder / FILE_NAME).exists()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_failed_build_leaves_what_was_there(
    communes: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    folder = tmp_path / "sandbox"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    monkeypatch.setattr(dossier_database, "write", fail)
    with pytest.raises(OSError, match="No space left"):
        build(folder, communes, as_of=AS_OF, replace=True)
    assert list(tmp_path.iterdir()) == [folder]
    assert (folder / "old.txt").exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda units: units.drop("full_name"),
        lambda units: units.clear(),
        lambda units: pl.concat([units, units.head(1)]),
        lambda units: units.head(1),
    ],
    ids=["column missing", "none", "code twice", "too few"],
)
def test_unfit_communes_are_refused(communes: pl.DataFrame, tmp_path: Path, spoil) -> None:
    with pytest.raises(ValueError, match=r"communes|fit"):
        build(tmp_path / "sandbox", spoil(communes), as_of=AS_OF)
    assert list(tmp_path.iterdir()) == []


def test_all_text_is_nfc(sandbox: Sandbox, communes: pl.DataFrame, tmp_path: Path) -> None:
    decomposed = communes.with_columns(pl.col("name", "full_name").str.normalize("NFD"))
    folder = tmp_path / "sandbox"
    assert build(folder, decomposed, as_of=AS_OF) == sandbox.answers
    texts = [path.read_text("utf-8-sig") for path in (folder / "so_y_te").iterdir()]
    texts += [(folder / FILE_NAME).read_text("utf-8")]
    texts += [str(cells) for _, cells in reading.budget_sheets(folder)]
    texts += [str(row) for row in reading.dossier_table(folder)]
    assert all(unicodedata.is_normalized("NFC", text) for text in texts)


def test_the_answer_key_is_readable_json(sandbox: Sandbox) -> None:
    text = (sandbox.folder / FILE_NAME).read_text("utf-8")
    plain = json.loads(text)
    assert text == json.dumps(plain, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    row = plain["feeds"]["so_tai_chinh/finance.budget_revenue"]["refused"][0]
    assert set(row) == {"file", "sheet", "row", "key", "rule", "column"}


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
