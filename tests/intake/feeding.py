"""Feeds of a made-up dataset, and files read by them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.base import Contract, column
from ioc_pipelines.catalog.models import Agency, Feed
from ioc_pipelines.intake.read_batch import ReadBatch, read_batch
from tests.quality.frames import contract_of

FIGURES = contract_of(
    {
        "name": (str, column(vi="Tên", en="Name", nullable=True)),
        "year": (int, column(vi="Năm", en="Year", nullable=True)),
        "amount": (
            float,
            column(vi="Số tiền", en="Amount", unit="triệu đồng", nullable=True),
        ),
        "count": (int, column(vi="Số lượng", en="Count", nullable=True)),
    },
    key=("name", "year"),
)
COLUMNS: dict[str, Any] = {
    "name": "Tên",
    "year": {"source": "Năm", "optional": True},
    "amount": {"source": "Tiền", "number": "plain"},
    "count": {"source": "Số", "optional": True, "number": "plain"},
}


def feed_of(layout: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Feed:
    """An active feed with that layout."""
    feed = {
        "dataset": "testing.made_up",
        "title_vi": "Thử",
        "status": {"state": "active", "since": "2026-11-01"},
        "classification": "public",
        "sharing": "default",
        "cadence": "monthly",
        "late_after": "35d",
        "head": {"position": "Giám đốc", "unit": "Sở"},
        "focal_point": {"position": "Trưởng phòng", "unit": "Sở"},
        "connector": {"kind": "files", "root_env": "ROOT", "pattern": "*"},
        "layout": dict(layout),
        "columns": dict(columns or COLUMNS),
    }
    agency = Agency.model_validate(
        {"code": "so", "name_vi": "Sở", "name_en": "Office", "level": "provincial", "feeds": [feed]}
    )
    return agency.feeds[0]


def read_files(
    folder: Path,
    files: Mapping[str, str | bytes],
    layout: Mapping[str, Any],
    columns: Mapping[str, Any] | None = None,
    contract: type[Contract] = FIGURES,
) -> ReadBatch:
    """Write the files below ``folder`` and read them as one delivery."""
    paths = []
    for number, (name, content) in enumerate(files.items()):
        path = folder / f"blob-{number}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append((name, path))
    return read_batch(feed_of(layout, columns), contract, paths, {})
