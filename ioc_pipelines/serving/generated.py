"""Files that follow from contracts and models, and whether they are fresh."""

from __future__ import annotations

from pathlib import Path

from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.json_schema import catalog_schemas
from ioc_pipelines.durable import write_durably
from ioc_pipelines.home import DBT_PROJECT, PROJECT, SOURCES, table_name
from ioc_pipelines.serving.contract_versions import to_store
from ioc_pipelines.serving.dbt_sources import dbt_properties


def generated_files() -> dict[Path, str]:
    """Every generated file with the text it should have."""
    return {
        DBT_PROJECT / "models" / "staging" / "_contracts.yml": dbt_properties(all_contracts()),
        **{SOURCES / name: text for name, text in catalog_schemas().items()},
    }


def stale_files() -> list[str]:
    """Generated files that are missing or differ, as paths below the project."""
    return [
        path.relative_to(PROJECT).as_posix()
        for path, text in generated_files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def missing_models() -> list[str]:
    """Staging models that contracts want and nobody has written, as paths below the project."""
    folder = DBT_PROJECT / "models" / "staging"
    wanted = [folder / f"{table_name(dataset)}.sql" for dataset in all_contracts()]
    return [path.relative_to(PROJECT).as_posix() for path in wanted if not path.exists()]


def generate() -> list[str]:
    """Write the stale ones, and the versions of contracts that are not stored; returns which."""
    stale = stale_files()
    for path, text in generated_files().items():
        if path.relative_to(PROJECT).as_posix() in stale:
            write_durably(path, text.encode())
    new = to_store(all_contracts(), PROJECT / "contracts" / "versions")
    for path, text in new.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, text.encode())
    return [*stale, *(path.relative_to(PROJECT).as_posix() for path in new)]
