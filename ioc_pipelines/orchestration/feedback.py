"""The feedback of a batch: what of its refused rows is still open, as files for its agency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.files.returned import pack_name, slug
from ioc_pipelines.intake.conform import sources_of
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.places import places_of
from ioc_pipelines.serving.feedback.pack import About, workbook
from ioc_pipelines.serving.feedback.page import summary_page

_ACCEPTED = frozenset({"accepted", "partly_accepted"})


class NoFeedbackError(LookupError):
    """There is nothing to hand back of a batch, or not any more; the message says why."""


@dataclass(frozen=True)
class Feedback:
    """A workbook to correct and a page about it, by the names they always have."""

    rows: int
    pack_name: str
    pack: bytes
    page_name: str
    page: bytes
    about: About


def feedback_of(
    deployment: Deployment, entry: FeedEntry, batch_id: str, now: datetime, *, masked: bool
) -> Feedback:
    """The feedback of the rows of a batch that are open. Raises NoFeedbackError.

    ``masked``: without personal data, for whoever is not the agency that sent it.
    """
    contract, dataset = entry.required_contract(), entry.feed.dataset
    cases = deployment.cases(now, entry.id).filter(batch_id=batch_id, status="open")
    if cases.is_empty():
        msg = f"batch {batch_id} has no open refused row"
        raise NoFeedbackError(msg)
    refusals = deployment.rows.quarantine.refusals(dataset, [batch_id]).join(
        cases, on="ticket", how="semi"
    )
    refusals = _in_own_files(deployment, entry, batch_id, refusals)
    cells = deployment.rows.quarantine.cells(dataset, batch_id)
    if any(source not in cells.columns for source in sources_of(entry.feed.columns)):
        msg = f"batch {batch_id} was read by another layout: run `ioc reprocess {entry.id}`"
        raise NoFeedbackError(msg)
    about = _about(deployment, entry, batch_id, cases)
    pack = pack_name(entry.id, batch_id)
    return Feedback(
        cases.height,
        pack,
        workbook(about, entry.feed, contract, refusals, cells, masked=masked),
        f"tom-tat-{slug(entry.id)}-{batch_id}.html",
        summary_page(about, refusals, pack).encode(),
        about,
    )


def _in_own_files(
    deployment: Deployment, entry: FeedEntry, batch_id: str, refusals: pl.DataFrame
) -> pl.DataFrame:
    """The refusals of a correction with the places that the rows had in the agency's own files."""
    if deployment.rows.quarantine.answers(entry.feed.dataset, [batch_id]).is_empty():
        return refusals
    place = ("source_file", "sheet", "row_number")
    own = (
        places_of(deployment, entry, refusals["ticket"].unique())
        .filter("is_own")
        .unique("ticket", keep="first", maintain_order=True)
    )
    found = refusals.join(own, on="ticket", how="left", suffix="_own", maintain_order="left")
    return found.with_columns(
        pl.when("is_own").then(f"{name}_own").otherwise(name).alias(name) for name in place
    ).select(refusals.columns)


def _about(deployment: Deployment, entry: FeedEntry, batch_id: str, cases: pl.DataFrame) -> About:
    batch: dict[str, Any] = deployment.ledger.batches.get(batch_id) or {}
    first: Any = cases["first_refused_at"].max()
    due: Any = cases["due_at"].min()
    return About(
        entry.id,
        entry.feed.title_vi,
        entry.agency.name_vi,
        batch_id,
        str(batch["contract_version"]),
        first,
        due,
        batch["status"] not in _ACCEPTED and batch["status"] != "awaiting_approval",
    )
