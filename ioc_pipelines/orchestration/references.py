"""Reference lists for contracts: the reviewed ones, and what is accepted of other datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.warehouse.rows import Rows


class References(Mapping[str, pl.Series]):
    """Lists by name; ``<sector>.<dataset>.<column>`` is read from the accepted rows when asked."""

    def __init__(self, lists: Mapping[str, pl.Series], ledger: Ledger, rows: Rows) -> None:
        """Know ``lists`` by name, and where accepted rows are."""
        self._lists, self._ledger, self._rows = lists, ledger, rows

    def __getitem__(self, name: str) -> pl.Series:
        """The values of a list. Raises KeyError when there is none of that name."""
        if name in self._lists:
            return self._lists[name]
        dataset, _, column = name.rpartition(".")
        if "." not in dataset:
            raise KeyError(name)
        batches = self._ledger.acceptances.of(dataset)["batch_id"].unique().to_list()
        return self._rows.accepted.values(dataset, column, batches)

    def __iter__(self) -> Iterator[str]:
        """The names of the reviewed lists."""
        return iter(self._lists)

    def __len__(self) -> int:
        """How many reviewed lists there are."""
        return len(self._lists)
