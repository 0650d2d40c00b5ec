"""Catalogues of the provincial integration platform (LGSP), on top of JSON over HTTP (H72)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ioc_pipelines.catalog.connectors import Envelope, LgspConnector, RestConnector
from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.catalog.patterns import names_in
from ioc_pipelines.connectors.difference import difference
from ioc_pipelines.connectors.fetched import (
    Fetched,
    SourceChangedError,
    SourceFaultyError,
    Window,
)
from ioc_pipelines.connectors.rest.answer import Answer, at, judged
from ioc_pipelines.connectors.rest.client import Received
from ioc_pipelines.connectors.rest.clock import SYSTEM, Clock
from ioc_pipelines.connectors.rest.fetch import collected
from ioc_pipelines.connectors.rest.pages import first_url
from ioc_pipelines.connectors.rest.source import Source, opened

_MEANINGS = {
    ("100", "AUTHEN_ERROR"): "the platform does not take the token: see the feed's authentication, "
    "or ask the platform's operator for a new client",
    ("101", "IP_DISALLOWED"): "the platform does not know this machine's address: ask its operator "
    "to allow it",
    ("106", "AGENCY_ID_INCORRECT"): "the platform does not know the agency's identifier: see the "
    "feed's params, or ask its operator which one is ours",
    ("500", "DATA_INCORRECT"): "the platform does not accept what was asked: see catalogue, params "
    "and changes of the feed",
}
ENVELOPE = Envelope(
    records="Data",
    status="MSG",
    ok=("Done",),
    count="Count",
    code="Code",
    token_ended=("100", "AUTHEN_ERROR"),
    errors={code: meaning for codes, meaning in _MEANINGS.items() for code in codes},
)
"""`{"MSG": "Done", "Count": n, "Data": [...]}`; errors `{"MSG": "AUTHEN_ERROR", "Code": 100}`.

`MSG`, `Count` and the codes are the conventions of LGSP; the place of the records is ours, as the
guide does not say it.
"""


def fetch_lgsp(
    connector: LgspConnector,
    feed: Feed,
    environment: Mapping[str, str],
    cursor: Mapping[str, Any] | None,
    window: Window,
    workspace: Path,
    clock: Clock = SYSTEM,
) -> Fetched:
    """The records of a catalogue, once its metadata has every property that the feed maps.

    The same message again is no news (H72). Raises SourceChangedError when a property is gone, with
    the nearest names, and what :func:`fetch_rest` raises.
    """
    rest = _as_rest(connector)
    with opened(rest, environment, clock) as source:
        _require_properties(connector, source, wanted_properties(feed))
        return collected(rest, source, cursor, window, workspace, clock)


def wanted_properties(feed: Feed) -> list[tuple[str, ...]]:
    """What the catalogue must have: of each, the names that any one of it may bear.

    What comes from outside a record, captured or from an object around it, is not of the catalogue.
    """
    captured = set(feed.layout.captures) if feed.layout else set()
    wanted: list[tuple[str, ...]] = []
    for column in feed.columns.values():
        if column.optional:
            continue
        parts = [*names_in(column.source), *names_in(column.unit or "")]
        wanted += [(part,) for part in parts]
        if not names_in(column.source):
            wanted.append(column.sources)
    return [
        sources
        for sources in wanted
        if not any(source in captured or source.startswith("^.") for source in sources)
    ]


def _as_rest(connector: LgspConnector) -> RestConnector:
    shared = {name: getattr(connector, name) for name in type(connector).model_fields}
    catalogue = shared.pop("catalogue")
    return RestConnector(
        **{**shared, "kind": "rest", "path": f"/dmdc/Category/{catalogue}", "envelope": ENVELOPE}
    )


def _require_properties(
    connector: LgspConnector, source: Source, wanted: Collection[tuple[str, ...]]
) -> None:
    what = f"metadata of {connector.catalogue}"
    url = first_url(source.url(f"/dmdc/Metadata/{connector.catalogue}"), connector.params, None)
    _, answer = source.ask(url, what, _metadata)
    found = [at(record, "PropertyCode") for record in answer.records]
    codes = {code for code in found if isinstance(code, str)}
    if not codes:
        msg = f"{what}: {len(found)} properties, none with a PropertyCode"
        raise SourceFaultyError(msg)
    missing = [sources[0] for sources in wanted if not _is_there(sources, codes)]
    if missing:
        raise SourceChangedError(f"{what}: {difference('property', missing, codes)}")


def _metadata(received: Received, what: str) -> Answer:
    """The properties: a bare list, or what stands in its place in the platform's envelope."""
    is_bare = received.body.lstrip()[:1] == b"["
    return judged(received, Envelope() if is_bare else ENVELOPE, what)


def _is_there(sources: tuple[str, ...], codes: Collection[str]) -> bool:
    """Whether a property is there; of `a.b` the record's own is `a`."""
    return any(source in codes or source.split(".")[0] in codes for source in sources)
