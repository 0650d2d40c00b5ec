"""How the province is connected: every feed with its channel, and how much of it is automatic."""

from __future__ import annotations

from pydantic import BaseModel

from ioc_pipelines.catalog.connectors import Channel, channel_of
from ioc_pipelines.catalog.load import Catalog, FeedEntry

_LEVELS = ("central", "provincial", "commune")


class ConnectedFeed(BaseModel):
    """One feed: who supplies it, by which channel, whether it comes first (H34)."""

    feed: str
    level: str
    priority: bool
    status: str
    channel: Channel


class Inventory(BaseModel):
    """Feeds in the order of onboarding: priority first, then by level and name.

    ``channels`` counts the active ones (B17); ``automatic`` are those that no person has to send,
    from an API or a database, as a share of the active ones (B30); None when none is active.
    """

    feeds: list[ConnectedFeed]
    channels: dict[Channel, int]
    automatic_share: float | None


def inventory_of(catalog: Catalog) -> Inventory:
    """The inventory of a profile."""
    ordered = sorted(catalog.entries, key=_rank)
    active = [channel_of(entry.feed.connector) for entry in catalog.active]
    counted: tuple[Channel, ...] = ("api", "database", "file")
    channels = {channel: active.count(channel) for channel in counted}
    automatic = channels["api"] + channels["database"]
    return Inventory(
        feeds=[
            ConnectedFeed(
                feed=entry.id,
                level=entry.agency.level,
                priority=entry.feed.priority,
                status=entry.feed.status.state,
                channel=channel_of(entry.feed.connector),
            )
            for entry in ordered
        ],
        channels=channels,
        automatic_share=automatic / len(active) if active else None,
    )


def _rank(entry: FeedEntry) -> tuple[bool, int, str]:
    return not entry.feed.priority, _LEVELS.index(entry.agency.level), entry.id
