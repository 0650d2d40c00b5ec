"""Files that are still to come are read without a change."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.intake.names import Spellings
from ioc_pipelines.intake.read_batch import read_batch
from tests.intake.layout.public_files.reading import (
    BUDGET,
    DISEASES,
    FDI,
    INVESTMENT,
    LABOUR,
    PCI,
    Read,
)


@pytest.mark.parametrize(
    ("dataset", "file", "later", "changes"),
    [
        (FDI, "2024-12-29-02.Bieu-T12.2024.xlsx", "2025-01-29-02.-Bieu-T1.2025.xlsx", {}),
        (INVESTMENT, "2024-12-29-02.Bieu-T12.2024.xlsx", "2025-01-29-02.-Bieu-T1.2025.xlsx", {}),
        (LABOUR, "2024-12-29-02.Bieu-T12.2024.xlsx", "2025-01-29-02.-Bieu-T1.2025.xlsx", {}),
        # the title of 2007 does not say the month: the name does
        (
            FDI,
            "2007-03-29-Bieu03-2007-1.xls",
            "2025-02-28-Bieu-02-2025.xls",
            {"period": ("2007-03", "2025-02")},
        ),
        (BUDGET, "Plan_2016.xls", "Plan_2017.xls", {"fiscal_year": (2016, 2017)}),
        (
            BUDGET,
            "Plan_2013.xls",
            "Final_2018.xls",
            {"fiscal_year": (2013, 2018), "stage": ("plan", "final")},
        ),
        (PCI, "PCI_2016.xlsx", "PCI_2017.xlsx", {"year": (2016, 2017)}),
        (DISEASES, "Nien_giam_2014r.xls", "Nien_giam_2015r.xls", {"year": (2014, 2015)}),
    ],
)
def test_a_file_of_a_later_period_is_read_without_a_change(
    family: Read,
    open_data: Path,
    entries: dict[str, FeedEntry],
    known: Spellings,
    tmp_path: Path,
    dataset: str,
    file: str,
    later: str,
    changes: dict[str, tuple[Any, Any]],
) -> None:
    """The same bytes under a later name: what the table says stays, what the name says changes."""
    (name,) = [offered for offered in family(dataset).offered if offered.endswith(file)]
    copy = tmp_path / later
    shutil.copyfile(open_data / name, copy)
    entry = entries[dataset]
    arrived = name.removesuffix(file) + later
    result = read_batch(entry.feed, entry.required_contract(), [(arrived, copy)], known)
    assert result.refused == []
    assert result.batch is not None
    before = family(dataset).of(name).drop("_row_id", "_file")
    after = result.batch.rows.drop("_row_id", "_file")
    assert {c: (before[c].unique().item(), after[c].unique().item()) for c in changes} == changes
    assert after.drop(changes).equals(before.drop(changes))
