"""The files of a report: written once into a folder of their own, the same bytes ever after.

``reports/<kind>/<period>/<report id>/`` holds ``<name>.docx .pdf .xlsx .html`` and
``manifest.json``. A report is bound to its snapshot: what is rendered again must be what is there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel

from ioc_pipelines.catalog.reports import ReportKind
from ioc_pipelines.durable import write_durably
from ioc_pipelines.serving.reports.document import Document, Figure
from ioc_pipelines.serving.reports.docx import docx
from ioc_pipelines.serving.reports.html import html
from ioc_pipelines.serving.reports.pdf import pdf
from ioc_pipelines.serving.reports.xlsx import xlsx

MANIFEST = "manifest.json"
_MADE_WITH = ("ioc-pipelines", "python-docx", "typst", "vl-convert-python", "xlsxwriter")
_WRITERS = {"docx": docx, "pdf": pdf, "xlsx": xlsx, "html": html}


class DifferentReportError(RuntimeError):
    """A report that was issued comes out otherwise now. What was issued stays."""


class ManifestFigure(BaseModel, frozen=True):
    """A figure of a report and where it is from."""

    number: int
    title: str
    shown: str
    value: float
    unit: str
    measure: str
    indicator_code: str | None
    period_type: str | None
    period_start: str | None
    period: str
    unit_id: str | None
    unit_name: str
    recorded_at: str | None
    source: str
    batch_ids: list[str]
    feeds: list[str]
    agencies: list[str]


class ReportManifest(BaseModel, frozen=True):
    """What a report is: snapshot, contract versions, hashes of its files, every figure."""

    report_id: str
    kind: str
    title_vi: str
    subject: str
    period: str
    snapshot_id: str
    as_of: str
    contracts: dict[str, str]
    made_with: dict[str, str]
    files: dict[str, str]  # name: sha256
    restatements: int
    figures: list[ManifestFigure]


def report_id(kind: ReportKind, document: Document) -> str:
    """The snapshot and, after it, a hash of what the report is to say: same question, same id."""
    asked = json.dumps(
        [kind.model_dump(mode="json"), document.kind, document.period, document.snapshot_id],
        sort_keys=True,
        ensure_ascii=False,
    )
    return f"{document.snapshot_id}-{hashlib.sha256(asked.encode()).hexdigest()[:8]}"


def rendered(kind: ReportKind, document: Document) -> tuple[ReportManifest, dict[str, bytes]]:
    """The manifest and the four files by their names."""
    name = f"{document.kind}-{document.period}"
    files = {f"{name}.{ending}": write(document) for ending, write in _WRITERS.items()}
    manifest = ReportManifest(
        report_id=report_id(kind, document),
        kind=document.kind,
        title_vi=kind.title_vi,
        subject=document.subject,
        period=document.period,
        snapshot_id=document.snapshot_id,
        as_of=document.as_of.isoformat(),
        contracts={row.feed: row.version for row in document.contracts},
        made_with={package: version(package) for package in _MADE_WITH},
        files={file: hashlib.sha256(content).hexdigest() for file, content in files.items()},
        restatements=document.restatements,
        figures=[_told(figure) for figure in document.figures],
    )
    return manifest, files


def keep(folder: Path, manifest: ReportManifest, files: Mapping[str, bytes]) -> bool:
    """Write a report into ``folder``; False when it is there already, the same.

    Raises DifferentReportError when another one of its id is there: that one stays.
    """
    if folder.exists():
        _require_same(folder, manifest)
        return False
    staging = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for name, content in files.items():
        write_durably(staging / name, content)
    write_durably(staging / MANIFEST, manifest.model_dump_json(indent=1).encode())
    staging.replace(folder)
    return True


def read_manifest(folder: Path) -> ReportManifest:
    """The manifest of a report that was issued."""
    return ReportManifest.model_validate_json((folder / MANIFEST).read_bytes())


def issued_reports(reports: Path) -> list[tuple[Path, ReportManifest]]:
    """Every report below ``reports/`` with its folder: by kind, then the newest first."""
    found = [
        (path.parent, read_manifest(path.parent)) for path in reports.glob(f"*/*/[!.]*/{MANIFEST}")
    ]
    by_issue = sorted(found, key=lambda one: (one[1].period, one[1].as_of), reverse=True)
    return sorted(by_issue, key=lambda one: one[1].kind)


def _require_same(folder: Path, manifest: ReportManifest) -> None:
    """What is on disk is what was issued, and what comes out now."""
    issued = read_manifest(folder)
    on_disk = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in issued.files
    }
    if damaged := sorted(n for n in issued.files if on_disk[n] != issued.files[n]):
        msg = f"{folder}: not the files that were issued any more: {', '.join(damaged)}"
        raise DifferentReportError(msg)
    if issued.files != manifest.files:
        others = {
            name: f"{old} → {manifest.made_with.get(name)}"
            for name, old in issued.made_with.items()
            if manifest.made_with.get(name) != old
        }
        why = (
            f"made with other versions ({others})"
            if others
            else "the program that makes it was changed"
        )
        names = ", ".join(sorted(n for n in issued.files if issued.files[n] != manifest.files[n]))
        msg = f"{folder}: {names} come out otherwise now: {why}; what was issued stays"
        raise DifferentReportError(msg)


def _told(figure: Figure) -> ManifestFigure:
    def each(name: str) -> list[str]:
        return list(dict.fromkeys(getattr(supply, name) for supply in figure.supplies))

    return ManifestFigure(
        number=figure.number,
        title=figure.title,
        shown=figure.shown,
        value=figure.value,
        unit=figure.unit,
        measure=figure.measure,
        indicator_code=figure.indicator_code,
        period_type=figure.period_type,
        period_start=figure.period_start.isoformat() if figure.period_start else None,
        period=figure.period,
        unit_id=figure.unit_id,
        unit_name=figure.unit_name,
        recorded_at=figure.recorded_at.isoformat() if figure.recorded_at else None,
        source=figure.source,
        batch_ids=each("batch"),
        feeds=each("feed"),
        agencies=each("agency"),
    )
