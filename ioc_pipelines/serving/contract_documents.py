"""Contracts as files for others: one ODCS document each, and one data dictionary of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ioc_pipelines.catalog.load import Catalog
from ioc_pipelines.durable import write_durably
from ioc_pipelines.serving.contract_form import ContractForm
from ioc_pipelines.serving.dictionary import dictionary
from ioc_pipelines.serving.odcs import odcs_of

DICTIONARY = "data-dictionary.html"


def odcs_documents(forms: Iterable[ContractForm], catalog: Catalog | None) -> dict[str, str]:
    """``<dataset>.odcs.yaml`` of each contract, with the active feeds of a profile if given."""
    return {
        f"{form.dataset}.odcs.yaml": odcs_of(
            form, catalog.feeds_of(form.dataset) if catalog else ()
        )
        for form in forms
    }


def dictionary_document(forms: Iterable[ContractForm]) -> dict[str, str]:
    """The data dictionary of these contracts, under its file's name."""
    return {DICTIONARY: dictionary(list(forms))}


def write_documents(folder: Path, documents: Mapping[str, str]) -> list[Path]:
    """Write the documents into ``folder``, made if missing; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents.items():
        write_durably(folder / name, text.encode())
    return [folder / name for name in documents]
