"""Find the contracts: every subclass of ``Contract`` below the package ``contracts``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import contracts
from contracts.base import Contract


@cache
def all_contracts() -> dict[str, type[Contract]]:
    """Contracts by dataset id, sorted.

    Raises ValueError when two contracts claim one dataset, or a contract's file is not
    ``contracts/<sector>/<dataset>.py``.
    """
    found: dict[str, type[Contract]] = {}
    for module_info in pkgutil.walk_packages(contracts.__path__, "contracts."):
        module = importlib.import_module(module_info.name)
        for value in vars(module).values():
            if not _is_contract_of(value, module.__name__):
                continue
            dataset = value.info().dataset
            if module.__name__ != f"contracts.{dataset}" or dataset in found:
                msg = f"{module.__name__}: dataset {dataset} belongs in contracts/{dataset}, once"
                raise ValueError(msg)
            found[dataset] = value
    return dict(sorted(found.items()))


def _is_contract_of(value: object, module: str) -> bool:
    return (
        isinstance(value, type)
        and issubclass(value, Contract)
        and "__contract__" in vars(value)  # else a base of several contracts
        and value.__module__ == module
    )
