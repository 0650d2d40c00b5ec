"""Facts of the contracts for people, and whether the project as a whole is in order."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from contracts.base import DIMENSIONS, BatchContext
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.errors import CatalogError
from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.catalog.references import indicator_lists, load_admin_units, reference_lists
from ioc_pipelines.home import DBT_PROJECT, SOURCES
from ioc_pipelines.serving.contract_versions import version_problems
from ioc_pipelines.serving.generated import missing_models, stale_files


def contract_facts() -> list[dict[str, Any]]:
    """One mapping per contract: facts, number of columns, rules by dimension.

    Raises ValueError when two rules of a contract have one name: results are kept by it.
    """
    seeds = DBT_PROJECT / "seeds"
    lists = {**reference_lists(load_admin_units(seeds), None), **indicator_lists(seeds)}
    context = BatchContext(datetime.now(UTC), lists)
    facts = []
    for contract in all_contracts().values():
        rules = [*contract.row_rules(context), *(r.rule for r in contract.batch_rules())]
        named = Counter((rule.id, rule.column) for rule in rules)
        if twice := [name for name, count in named.items() if count > 1]:
            msg = f"{contract.info().dataset}: two rules are called {twice[0][0]} ({twice[0][1]})"
            raise ValueError(msg)
        count = Counter(rule.dimension for rule in rules)
        facts.append(
            {
                **vars(contract.info()),
                "columns": len(contract.polars_schema()),
                "rules": len(rules),
                "rules_by_dimension": {d: count[d] for d in DIMENSIONS},
            }
        )
    return facts


def check_project() -> list[str]:
    """Problems of contracts, profiles and generated files; an empty list when in order."""
    problems = [f"{path} is stale: run `ioc contracts generate`" for path in stale_files()]
    problems += [f"{path} is missing: write the contract's model" for path in missing_models()]
    problems += version_problems(all_contracts())
    contract_facts()  # a rule without an id, message or reference list, or of a name taken, raises
    for path in sorted(SOURCES.glob("*/profile.yaml")):
        try:
            load_catalog(path.parent)
        except CatalogError as error:
            problems += [f"{path.parent.name}: {problem}" for problem in error.problems]
    return problems
