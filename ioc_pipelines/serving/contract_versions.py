"""The versions of contracts that were given out, one reviewed file each, never rewritten.

``contracts/versions/<dataset>/<version>.json`` is what senders and readers rely on from then on.
A contract without any is a draft: it may still change freely.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from contracts.base import Contract
from ioc_pipelines.home import PROJECT
from ioc_pipelines.serving.contract_diff import (
    Change,
    changes,
    level_of,
    next_version,
    parsed,
    suffices,
)
from ioc_pipelines.serving.contract_form import ContractForm, form_of

VERSIONS = PROJECT / "contracts" / "versions"
_SHOWN = 5


class UnknownVersionError(LookupError):
    """No such version of a contract was ever stored."""


def stored_versions(dataset: str, folder: Path = VERSIONS) -> list[str]:
    """The stored versions of a dataset's contract, oldest first."""
    return sorted((path.stem for path in (folder / dataset).glob("*.json")), key=parsed)


def stored_form(dataset: str, version: str, folder: Path = VERSIONS) -> ContractForm:
    """One stored version. Raises UnknownVersionError naming those that are there."""
    path = _path(folder, dataset, version)
    if not path.is_file():
        there = ", ".join(stored_versions(dataset, folder)) or "none"
        msg = f"no stored version {version} of {dataset}; there are: {there}"
        raise UnknownVersionError(msg)
    return ContractForm.model_validate_json(path.read_text(encoding="utf-8"))


def text_of(form: ContractForm) -> str:
    """The text of a stored form: what is not said is as usual."""
    return form.model_dump_json(indent=1, exclude_defaults=True) + "\n"


def to_store(contracts: Mapping[str, type[Contract]], folder: Path = VERSIONS) -> dict[Path, str]:
    """The versions that may be stored and are not, by path. Never one that is there."""
    forms = [form_of(contract) for contract in contracts.values()]
    return {
        _path(folder, form.dataset, form.version): text_of(form)
        for form in forms
        if form.version not in stored_versions(form.dataset, folder) and not _too_low(form, folder)
    }


def drafts(contracts: Mapping[str, type[Contract]], folder: Path = VERSIONS) -> list[str]:
    """The datasets of whose contract no version is stored."""
    return [dataset for dataset in contracts if not stored_versions(dataset, folder)]


def version_problems(contracts: Mapping[str, type[Contract]], folder: Path = VERSIONS) -> list[str]:
    """Changes without the version they ask for, and versions that are not stored yet."""
    problems: list[str] = []
    for dataset, contract in contracts.items():
        known = stored_versions(dataset, folder)
        if not known:
            continue
        form = form_of(contract)
        problems += _of_history(dataset, known, folder)
        if form.version in known:
            problems += _changed_since(form, known[-1], folder)
        elif too_low := _too_low(form, folder):
            problems.append(too_low)
        else:
            problems.append(f"{dataset} {form.version} is not stored: run `ioc contracts generate`")
    return problems


def _of_history(dataset: str, known: list[str], folder: Path) -> list[str]:
    """Stored versions that follow one another without the step that their changes ask for."""
    forms = [stored_form(dataset, version, folder) for version in known]
    found = [_step(old, new) for old, new in pairwise(forms)]
    return [problem for problem in found if problem]


def _changed_since(form: ContractForm, newest: str, folder: Path) -> list[str]:
    if form.version != newest:
        return [f"{form.dataset} {form.version} is older than the stored {newest}"]
    found = changes(stored_form(form.dataset, form.version, folder), form)
    level = level_of(found)
    if level is None:
        return []
    least = next_version(form.version, level)
    return [
        f"{form.dataset} has changed since {form.version} was stored ({_said(found)}): "
        f"raise version to {least} or above, then run `ioc contracts generate`"
    ]


def _too_low(form: ContractForm, folder: Path) -> str | None:
    known = stored_versions(form.dataset, folder)
    return _step(stored_form(form.dataset, known[-1], folder), form) if known else None


def _step(old: ContractForm, new: ContractForm) -> str | None:
    """The problem with calling ``new`` what it is called after ``old``, if any."""
    found = changes(old, new)
    level = level_of(found)
    if suffices(old.version, new.version, level):
        return None
    return (
        f"{new.dataset} {new.version} after {old.version} ({_said(found)}): the version must be "
        f"{next_version(old.version, level or 'patch')} or above"
    )


def _said(found: list[Change]) -> str:
    shown = [f"{c.effect}: {c.kind}, {c.where}" for c in found[:_SHOWN]]
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "; ".join([*shown, *more]) or "no change"


def _path(folder: Path, dataset: str, version: str) -> Path:
    return folder / dataset / f"{version}.json"
