"""A version that was stored is kept; a changed contract without a new version is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from contracts.base import Contract, column
from contracts.public_services.procedure_dossier import ProcedureDossier
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.cli import app
from ioc_pipelines.home import PROJECT
from ioc_pipelines.serving import contract_versions as versions
from ioc_pipelines.serving.contract_form import form_of

DATASET = "test.made_up"


def made(version: str, **columns: Any) -> dict[str, type[Contract]]:
    declared = {"code": column(vi="Mã", en="Code"), **columns}
    info = replace(
        ProcedureDossier.info(), dataset=DATASET, version=version, key=("code",), grain="one"
    )
    body = {
        "__annotations__": dict.fromkeys(declared, str),
        "__contract__": info,
        "__module__": __name__,
        **declared,
    }
    return {DATASET: type("Made", (Contract,), body)}


NOTE = {"note": column(vi="Ghi chú", en="Note", nullable=True)}
STRICT = {"note": column(vi="Ghi chú", en="Note")}


def store(folder: Path, contracts: dict[str, type[Contract]]) -> list[str]:
    """What `ioc contracts generate` does with versions; returns the names of the new files."""
    new = versions.to_store(contracts, folder)
    for path, text in new.items():
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [path.name for path in new]


def problems(folder: Path, contracts: dict[str, type[Contract]]) -> list[str]:
    return versions.version_problems(contracts, folder)


def test_a_contract_never_stored_is_a_draft(tmp_path: Path) -> None:
    assert versions.drafts(made("1.0.0"), tmp_path) == [DATASET]
    assert problems(tmp_path, made("1.0.0")) == []
    assert store(tmp_path, made("1.0.0")) == ["1.0.0.json"]
    assert versions.drafts(made("1.0.0"), tmp_path) == []
    assert problems(tmp_path, made("1.0.0")) == []
    assert store(tmp_path, made("1.0.0")) == []


@pytest.mark.parametrize(
    ("more", "refused", "allowed"),
    [
        (STRICT, ["1.2.3", "1.2.4", "1.3.0"], "2.0.0"),
        (NOTE, ["1.2.3", "1.2.4"], "1.3.0"),
        ({"code": column(vi="Mã số", en="Code")}, ["1.2.3"], "1.2.4"),
    ],
)
def test_a_change_needs_the_version_that_it_asks_for(
    tmp_path: Path, more: dict[str, Any], refused: list[str], allowed: str
) -> None:
    store(tmp_path, made("1.2.3"))
    before = (tmp_path / DATASET / "1.2.3.json").read_bytes()
    for version in refused:
        (problem,) = problems(tmp_path, made(version, **more))
        assert allowed in problem
        assert store(tmp_path, made(version, **more)) == []
    (problem,) = problems(tmp_path, made(allowed, **more))
    assert problem == f"{DATASET} {allowed} is not stored: run `ioc contracts generate`"
    assert store(tmp_path, made(allowed, **more)) == [f"{allowed}.json"]
    assert problems(tmp_path, made(allowed, **more)) == []
    # the old one stays as it was given out, and the two can be compared
    assert (tmp_path / DATASET / "1.2.3.json").read_bytes() == before
    assert versions.stored_versions(DATASET, tmp_path) == ["1.2.3", allowed]


def test_a_change_after_storing_is_named(tmp_path: Path) -> None:
    store(tmp_path, made("1.0.0"))
    (problem,) = problems(tmp_path, made("1.0.0", **STRICT))
    assert "breaking: required column added, note" in problem
    assert "raise version to 2.0.0" in problem


def test_a_version_may_be_raised_without_a_change(tmp_path: Path) -> None:
    store(tmp_path, made("1.0.0"))
    assert store(tmp_path, made("1.0.1")) == ["1.0.1.json"]
    assert problems(tmp_path, made("1.0.1")) == []


def test_a_version_may_not_go_back(tmp_path: Path) -> None:
    store(tmp_path, made("1.0.0"))
    store(tmp_path, made("2.0.0", **STRICT))
    assert "older than the stored 2.0.0" in problems(tmp_path, made("1.0.0"))[0]
    assert len(problems(tmp_path, made("1.5.0"))) == 1
    assert store(tmp_path, made("1.5.0")) == []


def test_versions_are_ordered_as_numbers(tmp_path: Path) -> None:
    for version in ("1.9.0", "1.10.0"):
        store(tmp_path, made(version))
    assert versions.stored_versions(DATASET, tmp_path) == ["1.9.0", "1.10.0"]


def test_a_history_made_by_hand_with_too_small_a_step_is_refused(tmp_path: Path) -> None:
    store(tmp_path, made("1.0.0"))
    form = form_of(made("1.0.1", **STRICT)[DATASET])
    (tmp_path / DATASET / "1.0.1.json").write_text(versions.text_of(form), encoding="utf-8")
    (problem,) = problems(tmp_path, made("1.0.1", **STRICT))
    assert "2.0.0 or above" in problem


def test_an_unknown_version_says_which_there_are(tmp_path: Path) -> None:
    store(tmp_path, made("1.0.0"))
    with pytest.raises(versions.UnknownVersionError, match=r"there are: 1\.0\.0"):
        versions.stored_form(DATASET, "9.0.0", tmp_path)


def test_every_contract_of_the_project_is_stored_as_it_stands() -> None:
    assert len(all_contracts()) >= 20
    assert versions.drafts(all_contracts()) == []
    assert versions.version_problems(all_contracts()) == []
    for path in versions.VERSIONS.glob("*/*.json"):
        text = path.read_text(encoding="utf-8")
        form = versions.stored_form(path.parent.name, path.stem)
        assert (form.dataset, form.version) == (path.parent.name, path.stem)
        assert versions.text_of(form) == text
        assert str(PROJECT) not in text


# -- ioc contracts diff ---------------------------------------------------------------------------


def diff(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["contracts", "diff", *arguments])


def test_diff_names_changes_between_two_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path, made("1.0.0"))
    store(tmp_path, made("2.0.0", **STRICT))
    monkeypatch.setattr("ioc_pipelines.catalog.contracts.all_contracts", lambda: made("2.0.0"))
    monkeypatch.setattr(versions.stored_form, "__defaults__", (tmp_path,))
    monkeypatch.setattr(versions.stored_versions, "__defaults__", (tmp_path,))
    (change,) = json.loads(diff("1.0.0", "2.0.0", DATASET, "--json").stdout)[DATASET]
    assert (change["effect"], change["kind"], change["where"], change["for_whom"]) == (
        "breaking",
        "required column added",
        "note",
        "senders",
    )
    shown = diff("stored", "now").stdout
    assert "column removed" in shown
    assert "note" in shown
    unknown = diff("1.0.0", "7.0.0", DATASET)
    assert unknown.exit_code == 2
    assert diff("1.0.0", "now", "no.such").exit_code == 2


def test_nothing_differs_from_what_is_stored() -> None:
    assert diff("stored", "now").stdout == "no difference\n"
