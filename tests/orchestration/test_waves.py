"""Feeds whose contract asks another dataset are judged after that dataset's feeds."""

from __future__ import annotations

from dataclasses import replace
from graphlib import CycleError

import pytest

from contracts.value_rules import exists_in
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.orchestration.waves import waves
from tests.orchestration.deployments import Claims, csv_feed, info


def asking(dataset: str, *asked: str) -> FeedEntry:
    """A feed of a contract that looks into other datasets."""

    class Asking(Claims):
        __contract__ = replace(info("upsert"), dataset=dataset)
        __batch_rules__ = tuple(exists_in("code", dataset=name) for name in asked)

    return replace(
        csv_feed(), contract=Asking, feed=csv_feed().feed.model_copy(update={"dataset": dataset})
    )


def ids(found: list[list[FeedEntry]]) -> list[list[str]]:
    return [[one.feed.dataset for one in wave] for wave in found]


def test_without_questions_all_go_together() -> None:
    feeds = [csv_feed("upsert", "so_a"), csv_feed("upsert", "so_b"), csv_feed("append", "so_a")]
    assert waves(feeds) == [[feeds[0], feeds[1], feeds[2]]]
    assert waves([]) == []


def test_whoever_asks_goes_after_whom_it_asks() -> None:
    third, second, first = asking("test.c", "test.b"), asking("test.b", "test.a"), asking("test.a")
    assert ids(waves([third, second, first])) == [["test.a"], ["test.b"], ["test.c"]]
    # what is not fetched now is not waited for
    assert ids(waves([third, first])) == [["test.c", "test.a"]]


def test_two_that_ask_each_other_are_an_error() -> None:
    with pytest.raises(CycleError):
        waves([asking("test.a", "test.b"), asking("test.b", "test.a")])


def test_a_contract_says_whom_it_asks() -> None:
    contracts = all_contracts()
    dossiers = contracts["public_services.procedure_dossier"]
    assert dossiers.looks_in() == {"public_services.procedure"}
    assert contracts["finance.budget_revenue"].looks_in() == set()
