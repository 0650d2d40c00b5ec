"""In which order feeds are judged: those that others are held against go first."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter

from ioc_pipelines.catalog.load import FeedEntry


def waves(entries: Iterable[FeedEntry]) -> list[list[FeedEntry]]:
    """The feeds in groups that can be fetched side by side, one group after the other.

    A feed whose contract asks what another dataset holds (``exists_in``) comes after that dataset's
    feeds, so that what arrives in one night is held against what arrives in the same night.
    Raises graphlib.CycleError when two datasets ask each other.
    """
    by_dataset: dict[str, list[FeedEntry]] = {}
    for entry in entries:
        by_dataset.setdefault(entry.feed.dataset, []).append(entry)
    asked = {
        dataset: sorted(several[0].required_contract().looks_in() & set(by_dataset))
        for dataset, several in by_dataset.items()
    }
    sorter = TopologicalSorter(asked)
    sorter.prepare()
    found = []
    while sorter.is_active():
        ready = set(sorter.get_ready())
        found.append([e for name, several in by_dataset.items() if name in ready for e in several])
        sorter.done(*ready)
    return found
