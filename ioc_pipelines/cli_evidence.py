"""Evidence for a person at the operator's machine: it shows values, masked where personal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ioc_pipelines.cli_support import print_json, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from ioc_pipelines.catalog.load import FeedEntry
    from ioc_pipelines.orchestration.deployment import Deployment
    from ioc_pipelines.serving.evidence import CellEvidence, RowEvidence
    from ioc_pipelines.serving.failures import Failure


def show_rows(
    deployment: Deployment,
    feed: str,
    batch: str,
    refusals: pl.DataFrame,
    *,
    personal: bool,
    as_json: bool,
) -> None:
    """Each refused row of a batch with its evidence; a feed that is no more ends the command."""
    from ioc_pipelines.orchestration.evidence import row_evidence
    from ioc_pipelines.serving import show

    entry = next((entry for entry in deployment.catalog.entries if entry.id == feed), None)
    if entry is None or entry.contract is None:
        stop(f"feed '{feed}' has no contract in the profile any more", code=1)
    rows = row_evidence(deployment, entry, batch, refusals, personal=personal)
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    before = None
    for row in rows:
        if row.landed != before and row.landed is not None:
            show.say(_landed(row))
        before = row.landed
        for line in _lines(row):
            show.say(line)
    if any(cell.is_masked for row in rows for cell in row.cells):
        show.say("personal columns are masked: --personal shows them")


def show_failures(
    deployment: Deployment, entry: FeedEntry, limit: int, personal: bool, as_json: bool
) -> None:
    """The failed deliveries of a feed, newest first, with what was kept of each."""
    from ioc_pipelines.serving import show
    from ioc_pipelines.serving.failures import failures_of

    ledger, landing = deployment.ledger, deployment.landing
    found = failures_of(ledger, landing, entry, limit, personal=personal)
    if as_json:
        print_json([failure.model_dump(mode="json") for failure in found])
        return
    if not found:
        show.say(f"{entry.id}: no delivery failed")
    for failure in found:
        for line in _failed(failure):
            show.say(line)
    if any(first.is_masked for failure in found for first in failure.first_bytes):
        show.say("what came may be personal data: --personal shows it")


def _failed(failure: Failure) -> Iterator[str]:
    from ioc_pipelines.serving.show import quoted

    yield f"{failure.started_at[:19]} UTC  {failure.outcome}  delivery {failure.delivery_id}"
    yield f"  fault     {failure.fault}: {failure.because}"
    if failure.problem:
        yield f"  problem   {failure.problem}"
    evidence = {k: v for k, v in failure.evidence.items() if k not in ("kept", "files", "cause")}
    if evidence:
        yield f"  evidence  {', '.join(f'{name} {value}' for name, value in evidence.items())}"
    for first in failure.first_bytes:
        yield f"  received  {first.of}: {first.size_bytes} bytes, SHA-256 {first.sha256}"
        if not first.is_there:
            yield "    not there any more as it was received"
        elif first.text is not None:
            yield f"    begins with {quoted(first.text)}"
    if failure.batch_id:
        yield f"  rows      ioc quarantine show {failure.batch_id} --evidence"


def _landed(row: RowEvidence) -> str:
    landed = row.landed
    if landed is None:
        return ""
    return (
        f"{landed.file}: {landed.size_bytes} bytes, SHA-256 {landed.sha256}\n"
        f"  landed {landed.landed_at[:19]} UTC by delivery {landed.delivery_id}"
    )


def _lines(row: RowEvidence) -> Iterator[str]:
    place = ", ".join(part for part in (row.file, row.sheet, f"row {row.row}") if part)
    about = f" ({row.column})" if row.column else ""
    yield f"  {place}  {row.rule}{about}: {row.message_vi}"
    for cell in row.cells:
        yield from _cell(cell)
    if row.corrected_by:
        yield f"    corrected    {row.corrected_by}, before it was judged"
    yield f"    reading      {row.reading_note}"
    if row.changed and row.reading == "same":
        yield f"    changed      {', '.join(row.changed)}"
    yield f"    fault        {row.fault}: {row.fault_reason}"


def _cell(cell: CellEvidence) -> Iterator[str]:
    from ioc_pipelines.serving.show import quoted

    at = f" {cell.cell}" if cell.cell else ""
    yield f"    {cell.column} ←{at} {quoted(cell.source)}"
    if cell.stored is not None and cell.stored != cell.parsed:
        yield f"      in the file  {quoted(cell.stored)}"
        yield f"      bytes        {cell.bytes} ({cell.encoding})"
    number = "" if cell.number is None else f", the number {cell.number}"
    yield f"      parsed       {quoted(cell.parsed)}{number}"
    if cell.parsed_then != cell.parsed:
        yield f"      as refused   {quoted(cell.parsed_then)}"
    yield f"      conformed    {quoted(cell.conformed)}"
