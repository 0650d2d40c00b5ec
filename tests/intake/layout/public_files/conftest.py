"""The files of a dataset, read once: all files of this folder run in one worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioc_pipelines.catalog.load import FeedEntry, load_catalog
from ioc_pipelines.catalog.references import load_admin_units, load_spellings
from ioc_pipelines.home import DBT_PROJECT, SOURCES
from ioc_pipelines.intake.names import Spellings, spellings
from ioc_pipelines.intake.read_batch import read_batch
from tests.intake.layout.public_files.reading import Family, Read


@pytest.fixture(scope="session")
def entries() -> dict[str, FeedEntry]:
    return {entry.feed.dataset: entry for entry in load_catalog(SOURCES / "open_data").entries}


@pytest.fixture(scope="session")
def known() -> Spellings:
    """The reviewed lists of names."""
    seeds = DBT_PROJECT / "seeds"
    lists = load_spellings(seeds, load_admin_units(seeds))
    return {name: spellings(pairs) for name, pairs in lists.items()}


@pytest.fixture(scope="session")
def family(open_data: Path, entries: dict[str, FeedEntry], known: Spellings) -> Read:
    """Read a dataset's files, once in the session."""
    done: dict[str, Family] = {}

    def read(dataset: str) -> Family:
        if dataset not in done:
            entry = entries[dataset]
            paths = sorted(open_data.glob(getattr(entry.feed.connector, "pattern", "")))
            files = [(path.relative_to(open_data).as_posix(), path) for path in paths]
            result = read_batch(entry.feed, entry.required_contract(), files, known)
            done[dataset] = Family([name for name, _ in files], result)
        return done[dataset]

    return read
