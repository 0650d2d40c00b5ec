"""How the province is connected, counted by hand from its sources."""

from __future__ import annotations

import yaml

from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.home import SOURCES
from ioc_pipelines.serving.inventory import inventory_of

CHANNELS = {"lgsp": "api", "rest": "api", "sql": "database", "files": "file", "sftp": "file"}


def test_channels_and_the_automatic_share_are_those_of_the_sources() -> None:
    declared = [
        feed
        for path in (SOURCES / "hung_yen").glob("*.yaml")
        for feed in yaml.safe_load(path.read_text(encoding="utf-8")).get("feeds", [])
    ]
    active = [feed for feed in declared if feed["status"]["state"] == "active"]
    counted = {"api": 0, "database": 0, "file": 0}
    for feed in active:
        counted[CHANNELS[feed["connector"]["kind"]]] += 1
    assert min(counted.values()) >= 4
    inventory = inventory_of(load_catalog(SOURCES / "hung_yen"))
    assert inventory.channels == counted
    assert len(inventory.feeds) == len(declared)
    automatic = counted["api"] + counted["database"]
    assert inventory.automatic_share == automatic / len(active)


def test_priority_comes_first_then_level_then_name() -> None:
    feeds = inventory_of(load_catalog(SOURCES / "hung_yen")).feeds
    first = [feed.feed for feed in feeds if feed.priority]
    assert {feed.split("/")[0] for feed in first} >= {"so_giao_duc", "so_y_te"}
    assert all(feed.priority for feed in feeds[: len(first)])
    for part in (feeds[: len(first)], feeds[len(first) :]):
        ordered = [(feed.level != "central", feed.feed) for feed in part]
        assert ordered == sorted(ordered)
    assert feeds[len(first)].feed == "kho_bac/finance.budget_collection"
    planned = [feed for feed in feeds if feed.status == "planned"]
    assert len(planned) >= 20
    assert {feed.channel for feed in planned} == {"none"}


def test_a_profile_of_files_is_not_automatic() -> None:
    inventory = inventory_of(load_catalog(SOURCES / "open_data"))
    assert inventory.automatic_share == 0
    assert inventory.channels["file"] == 11
    levels = [feed.level for feed in inventory.feeds]
    assert levels == sorted(levels, key=("central", "provincial", "commune").index)
