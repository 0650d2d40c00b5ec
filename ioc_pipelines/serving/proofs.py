"""Which rules are proved to bite, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from contracts.base import DIMENSIONS
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.quality.proof.prove import ANY_DATASET, Proof, prove, prove_delivery_rules


def prove_all(datasets: Iterable[str]) -> list[Proof]:
    """Every rule of these datasets; with all of them, those about deliveries, too."""
    chosen, known = list(datasets), all_contracts()
    proofs = [proof for dataset in chosen for proof in prove(known[dataset])]
    return proofs + (prove_delivery_rules() if len(chosen) == len(known) else [])


def as_json(proofs: list[Proof]) -> dict[str, Any]:
    """``rules``: each with its proof; ``dimensions``: how many of each; ``unproved``: how many."""
    return {
        "rules": [proof.as_json() for proof in proofs],
        "dimensions": {
            dimension: {
                "proved": _count(proofs, dimension),
                "unproved": sum(p.dimension == dimension for p in proofs)
                - _count(proofs, dimension),
            }
            for dimension in DIMENSIONS
        },
        "unproved": sum(not proof.proved for proof in proofs),
    }


def by_dataset(proofs: list[Proof]) -> tuple[list[str], list[list[str]]]:
    """Headers and lines: dataset, rules, proved by dimension, unproved; the sum in the last."""
    lines = [_line(dataset, list(own)) for dataset, own in groupby(proofs, key=lambda p: p.dataset)]
    return ["dataset", "rules", *DIMENSIONS, "unproved"], [*lines, _line("all", proofs)]


def unproved(proofs: list[Proof]) -> list[str]:
    """Each rule that is not proved, with its reason."""
    return [
        f"! {proof.dataset}: {proof.rule}{f' ({proof.column})' if proof.column else ''}:"
        f" {proof.why_not}"
        for proof in proofs
        if not proof.proved
    ]


def _line(dataset: str, proofs: list[Proof]) -> list[str]:
    counts = [_count(proofs, dimension) for dimension in DIMENSIONS]
    name = "(every delivery)" if dataset == ANY_DATASET else dataset
    return [name, *map(str, [len(proofs), *counts, len(proofs) - sum(counts)])]


def _count(proofs: list[Proof], dimension: str) -> int:
    return sum(proof.proved for proof in proofs if proof.dimension == dimension)
