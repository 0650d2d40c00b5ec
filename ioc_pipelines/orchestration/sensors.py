"""Sensors: what lands is taken at once; an open round asks again; what hangs is closed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from ioc_pipelines.catalog.connectors import FilesConnector
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import SourceUnavailableError
from ioc_pipelines.connectors.files.folder import folder_of, list_folder
from ioc_pipelines.connectors.files.returned import list_corrections
from ioc_pipelines.ledger.rounds import Round
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.hanging import hanging_runs_sensor
from ioc_pipelines.orchestration.jobs import COLLECT, PUBLISH, TRIGGER_TAG
from ioc_pipelines.orchestration.watching import failed_runs_sensor

_LOOK_EVERY_S = 15
_ASK_AGAIN_AFTER = timedelta(minutes=10)
ROUND_TAG = "ioc/collection_round"


def all_sensors(deployment: Deployment, jobs: Sequence[Any]) -> list[dg.SensorDefinition]:
    """All that look by themselves; ``jobs`` are the deployment's."""
    asked = [job for job in jobs if job.name in {COLLECT, PUBLISH}]
    return [
        _new_files(deployment),
        _collection_rounds(deployment, asked),
        hanging_runs_sensor(deployment.home),
        failed_runs_sensor(deployment),
    ]


def _new_files(deployment: Deployment) -> dg.SensorDefinition:
    @dg.sensor(
        name="new_files",
        job_name=COLLECT,
        minimum_interval_seconds=_LOOK_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Nhận ngay tệp vừa được đặt vào thư mục của cơ quan",
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        found = {entry.id: _fingerprint(deployment, entry) for entry in _dropped(deployment)}
        known = {feed: print_ for feed, print_ in found.items() if print_ is not None}
        # what lay there before the sensor first looked is the nightly refresh's
        changed = sorted(feed for feed in known if seen.get(feed, known[feed]) != known[feed])
        requests = [_request(changed, known)] if changed else []
        return dg.SensorResult(requests, cursor=json.dumps({**seen, **known}, sort_keys=True))

    return new_files


def _dropped(deployment: Deployment) -> Iterator[FeedEntry]:
    for entry in deployment.catalog.active:
        if isinstance(entry.feed.connector, FilesConnector):
            yield entry


def _fingerprint(deployment: Deployment, entry: FeedEntry) -> str | None:
    """Names, sizes and times of a feed's files as one text; None while any is being written."""
    connector = entry.feed.connector
    assert isinstance(connector, FilesConnector)  # noqa: S101  as _dropped chose it
    try:
        root = folder_of(connector, deployment.environment)
    except SourceUnavailableError:
        return None
    listing = {**list_folder(root, connector.pattern), **list_corrections(connector, root)}
    newest = max((changed for _, changed in listing.values()), default=0.0)
    if abs(time.time() - newest) < connector.quiet_s:
        return None
    return hashlib.sha256(json.dumps(listing, sort_keys=True).encode()).hexdigest()


def _request(feeds: list[str], fingerprints: dict[str, str]) -> dg.RunRequest:
    landed = "".join(fingerprints[feed] for feed in feeds)
    return dg.RunRequest(
        run_key=hashlib.sha256(landed.encode()).hexdigest(),
        run_config={"ops": {"intake": {"config": {"feeds": feeds}}}},
        tags={TRIGGER_TAG: "file"},
    )


def _collection_rounds(deployment: Deployment, jobs: list[Any]) -> dg.SensorDefinition:
    @dg.sensor(
        name="collection_rounds",
        jobs=jobs,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Hỏi lại các nguồn chưa gửi trong đợt thu thập đột xuất, đến hạn thì đóng đợt",
    )
    def collection_rounds(_context: dg.SensorEvaluationContext) -> list[dg.RunRequest]:
        now = datetime.now(UTC)
        requests = []
        for round_ in deployment.rounds.unfinished():
            if not round_.pending or now >= round_.deadline:
                deployment.rounds.close(round_.round_id, now)
                requests.append(_last(round_))
            elif round_.last_attempt is None or now - round_.last_attempt >= _ASK_AGAIN_AFTER:
                requests.append(_again(round_))
        return requests

    return collection_rounds


def _again(round_: Round) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{round_.round_id} {round_.last_attempt}",
        job_name=COLLECT,
        run_config={"ops": {"intake": {"config": {"feeds": list(round_.pending)}}}},
        tags={TRIGGER_TAG: "collection round", ROUND_TAG: round_.round_id},
    )


def _last(round_: Round) -> dg.RunRequest:
    """Publish how the round went."""
    return dg.RunRequest(
        run_key=f"{round_.round_id} closed",
        job_name=PUBLISH,
        tags={TRIGGER_TAG: "collection round", ROUND_TAG: round_.round_id},
    )
