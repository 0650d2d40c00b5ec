"""Files that are marked as a state secret are refused before they are landed (H50)."""

from __future__ import annotations

from collections.abc import Sequence

from ioc_pipelines.catalog.connectors import SqlConnector
from ioc_pipelines.catalog.layouts import Layout
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import SourceFile
from ioc_pipelines.intake.child.read import markings
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.judging import Attempt
from ioc_pipelines.quality.delivery_rules import file_results


def marked_secret(
    deployment: Deployment,
    entry: FeedEntry,
    files: Sequence[SourceFile],
    layout: Layout | None = None,
) -> Attempt | None:
    """The end of a delivery of which any file carries a marking; None when none does.

    Nothing of it is landed, the files beside it included, and what is recorded names neither file
    nor hash: how many, and which marking.
    """
    layout = layout or entry.feed.layout
    if layout is None or isinstance(entry.feed.connector, SqlConnector):
        return None
    limits = deployment.catalog.profile.reading
    found = markings(layout, [(file.name, file.path) for file in files], limits)
    if not found:
        return None
    problem = (
        f"{len(found)} of {len(files)} files carry the marking {', '.join(sorted(set(found)))}, of "
        "a state secret: nothing of the delivery was kept. Have the agency take them out of the "
        "folder, and follow the rules for secrets that reached a network they may not be on"
    )
    rules = file_results(read=0, refused=len(found), missing=0)
    return Attempt("marked_secret", {"problem": problem}, rules)
