"""Reference lists for contracts: the reviewed ones, and what is accepted of other datasets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

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
        return self.accepted(dataset, column)

    def accepted(self, dataset: str, column: str, but: Collection[int] = ()) -> pl.Series:
        """The values in what is accepted of a dataset, ``but`` for deliveries by their number."""
        standing = self._ledger.acceptances.of(dataset)
        counted = standing.filter(~pl.col("delivery_seq").is_in(list(but)))
        batches = counted["batch_id"].unique().to_list()
        return self._rows.accepted.values(dataset, column, batches)

    def __iter__(self) -> Iterator[str]:
        """The names of the reviewed lists."""
        return iter(self._lists)

    def __len__(self) -> int:
        """How many reviewed lists there are."""
        return len(self._lists)


class ForeseenLists(Mapping[str, pl.Series]):
    """The lists as they would be once rows that are judged, and not written, are accepted."""

    def __init__(self, known: References, asked: Collection[str]) -> None:
        """Begin with what is ``known``; only the lists that are ``asked`` for are kept."""
        self._known, self._asked = known, asked
        self._rows: dict[str, dict[int, pl.DataFrame]] = {}

    def accept(self, dataset: str, delivery_seq: int, rows: pl.DataFrame) -> None:
        """These ``rows`` would stand for the delivery."""
        columns = [name for name in rows.columns if f"{dataset}.{name}" in self._asked]
        if columns:
            self._rows.setdefault(dataset, {})[delivery_seq] = rows.select(columns)

    def __getitem__(self, name: str) -> pl.Series:
        """The values of a list. Raises KeyError when there is none of that name."""
        dataset, _, column = name.rpartition(".")
        rows = self._rows.get(dataset)
        if rows is None:
            return self._known[name]
        stays = self._known.accepted(dataset, column, but=rows)
        return pl.concat([stays, *(frame[column] for frame in rows.values())]).unique().drop_nulls()

    def __iter__(self) -> Iterator[str]:
        """The names of the reviewed lists."""
        return iter(self._known)

    def __len__(self) -> int:
        """How many reviewed lists there are."""
        return len(self._known)
