"""``ioc contracts``: what each dataset must be, as documents, and how versions of it differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ioc_pipelines.cli_support import Json, deployment_of, print_json, stop, unknown

if TYPE_CHECKING:
    from ioc_pipelines.serving.contract_diff import Change
    from ioc_pipelines.serving.contract_form import ContractForm

contracts = typer.Typer(no_args_is_help=True, help="What each dataset must be.")

Dataset = Annotated[str | None, typer.Argument(help="Only this dataset")]
Output = Annotated[Path, typer.Option(help="Folder to write to", file_okay=False)]
_STORED, _NOW = "stored", "now"
_VERSION = f"A version, '{_STORED}' (the newest stored) or '{_NOW}' (as in the code)"


@contracts.command("list")
def contracts_list(as_json: Json = False) -> None:
    """Every contract with its grain, key and rules."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.contract_facts import contract_facts

    facts = contract_facts()
    if as_json:
        print_json(facts)
        return
    headers = ["dataset", "version", "title_vi", "load_mode", "publish", "columns", "rules"]
    show.table(headers, [[fact[header] for header in headers] for fact in facts])


@contracts.command("check")
def contracts_check(
    dataset: Dataset = None,
    prove: Annotated[bool, typer.Option("--prove", help="Prove that every rule bites")] = False,
    as_json: Json = False,
) -> None:
    """Load every contract and profile; refuse stale files and changes without a new version.

    --prove breaks every rule of every contract, or of one dataset, in a batch made up for it: a
    rule that does not refuse its row, or not alone, is listed with the reason; the exit code is 1.
    """
    from ioc_pipelines.catalog.contracts import all_contracts
    from ioc_pipelines.serving import proofs, show
    from ioc_pipelines.serving.contract_facts import check_project
    from ioc_pipelines.serving.contract_versions import drafts

    problems, unstored = check_project(), drafts(all_contracts())
    proved = proofs.prove_all(_datasets(dataset)) if prove else []
    told = proofs.as_json(proved) if prove else {}
    if as_json:
        print_json({"problems": problems, "drafts": unstored, **told})
    else:
        show.say("\n".join(problems) or "contracts, profiles and generated files are in order")
        for name in unstored:
            show.say(f"draft: {name}; `ioc contracts generate` stores its first version")
        if prove:
            show.table(*proofs.by_dataset(proved))
            show.say("\n".join(proofs.unproved(proved)) or "every rule is proved to bite")
    raise typer.Exit(1 if problems or told.get("unproved") else 0)


@contracts.command("generate")
def contracts_generate() -> None:
    """Write the files that follow from contracts and catalog models, and new versions."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.generated import generate, missing_models

    written = generate()
    show.say("\n".join(f"written: {path}" for path in written) or "everything was fresh")
    for path in missing_models():
        show.say(f"still to be written: {path}")


@contracts.command("export")
def contracts_export(
    dataset: Dataset = None,
    output: Output = Path(),
    profile: Annotated[str | None, typer.Option(help="Add who supplies it, and when")] = None,
    as_json: Json = False,
) -> None:
    """Write contracts as Open Data Contract Standard documents (v3.1.0)."""
    from ioc_pipelines.serving.contract_documents import odcs_documents

    catalog = deployment_of(profile).catalog if profile else None
    forms = [_form(name, _NOW) for name in _datasets(dataset)]
    _written(output, odcs_documents(forms, catalog), as_json)


@contracts.command("docs")
def contracts_docs(dataset: Dataset = None, output: Output = Path(), as_json: Json = False) -> None:
    """Write the data dictionary in Vietnamese and English: one HTML file that opens offline."""
    from ioc_pipelines.serving.contract_documents import dictionary_document

    forms = [_form(name, _NOW) for name in _datasets(dataset)]
    _written(output, dictionary_document(forms), as_json)


@contracts.command("diff")
def contracts_diff(
    old: Annotated[str, typer.Argument(help=_VERSION)],
    new: Annotated[str, typer.Argument(help=_VERSION)],
    dataset: Dataset = None,
    as_json: Json = False,
) -> None:
    """What differs between two versions of a contract, and whom it breaks."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.contract_diff import changes
    from ioc_pipelines.serving.contract_versions import UnknownVersionError

    found: dict[str, list[Change]] = {}
    for name in _datasets(dataset):
        try:
            found[name] = changes(_form(name, old), _form(name, new))
        except UnknownVersionError as error:
            if dataset:
                stop(str(error), code=2)
    if as_json:
        print_json({name: [c.model_dump() for c in listed] for name, listed in found.items()})
        return
    rows = [
        (name, change.effect, change.for_whom, change.kind, change.where, _values(change))
        for name, listed in found.items()
        for change in listed
    ]
    if rows:
        show.table(["dataset", "effect", "for", "what", "where", "before → after"], rows)
    else:
        show.say("no difference")


def _written(folder: Path, documents: dict[str, str], as_json: bool) -> None:
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.contract_documents import write_documents

    paths = [path.as_posix() for path in write_documents(folder, documents)]
    if as_json:
        print_json({"written": paths})
        return
    for path in paths:
        show.say(f"written: {path}")


def _datasets(dataset: str | None) -> list[str]:
    """The dataset asked for, or all; an unknown one ends the command."""
    from ioc_pipelines.catalog.contracts import all_contracts

    known = all_contracts()
    if dataset and dataset not in known:
        unknown("contract", dataset, known)
    return [dataset] if dataset else list(known)


def _form(dataset: str, version: str) -> ContractForm:
    from ioc_pipelines.catalog.contracts import all_contracts
    from ioc_pipelines.serving.contract_form import form_of
    from ioc_pipelines.serving.contract_versions import (
        UnknownVersionError,
        stored_form,
        stored_versions,
    )

    if version == _NOW:
        return form_of(all_contracts()[dataset])
    known = stored_versions(dataset)
    if version == _STORED and not known:
        msg = f"{dataset} is a draft: no version is stored"
        raise UnknownVersionError(msg)
    return stored_form(dataset, known[-1] if version == _STORED else version)


def _values(change: Change) -> str:
    if change.before is None and change.after is None:
        return ""
    return f"{_said(change.before)} → {_said(change.after)}"


def _said(value: object) -> str:
    return "–" if value is None else str(value)
