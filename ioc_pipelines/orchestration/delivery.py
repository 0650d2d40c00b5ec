"""One delivery of one feed, from the source to accepted and quarantine. Knows no Dagster.

Whatever happens is a recorded outcome (DESIGN, "What happens to a batch"); the accepted data
changes only when a batch is accepted.
"""

from __future__ import annotations

import logging
import tempfile
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts.base import DIMENSIONS
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetch import fetch
from ioc_pipelines.connectors.fetched import (
    Fetched,
    FetchError,
    NotConfiguredError,
    NothingArrivedError,
    SourceChangedError,
    SourceFaultyError,
    SourceFile,
    Window,
)
from ioc_pipelines.durable import DiskFullError, room_for, sha256_of
from ioc_pipelines.intake.landing import Manifest, taken
from ioc_pipelines.intake.legacy_text import readable
from ioc_pipelines.ledger.records import (
    BatchRecord,
    Conclusion,
    DeliveryRef,
    Feeder,
    ResultRecord,
    ScoreRecord,
)
from ioc_pipelines.orchestration import failure
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.judging import (
    GOOD,
    Attempt,
    Turn,
    result_of,
    turn_again,
    written,
)
from ioc_pipelines.orchestration.landed import judge_landed
from ioc_pipelines.orchestration.marked import marked_secret
from ioc_pipelines.orchestration.receipts_due import note_due
from ioc_pipelines.orchestration.returning import CORRECTION, take_correction, weigh_kind
from ioc_pipelines.quality.clocks import age_of_news, event_age_result, published_result
from ioc_pipelines.quality.delivery_rules import (
    file_results,
    on_time_result,
    over_baseline,
)
from ioc_pipelines.quality.evaluate import RuleResult
from ioc_pipelines.quality.score import Score, scores
from ioc_pipelines.serving.receipt import has_receipt

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """What one delivery came to, for checks, metadata and the summary.

    ``results`` are those the scores were made from, the last good batch's included; ``arrived``
    is whether good data, or the source's word that there is none, came just now.
    """

    entry: FeedEntry
    outcome: str
    detail: dict[str, Any]
    results: tuple[RuleResult, ...]
    scores: dict[Any, Score]
    age: timedelta
    arrived: bool
    started_at: datetime
    batch: BatchRecord | None = None
    kind: str = "fetch"

    @property
    def is_good(self) -> bool:
        """Whether the source delivered, or confirmed that there is nothing new."""
        return self.outcome in GOOD or self.outcome == "awaiting_approval"

    @property
    def is_late(self) -> bool:
        """Whether the last good news is older than the feed allows."""
        return self.age > self.entry.feed.late_after


def deliver(
    deployment: Deployment, entry: FeedEntry, run_id: str, window: Window, now: datetime
) -> Report:
    """Fetch, land and judge one delivery; record its outcome, whatever it is.

    Raises DiskFullError once that is recorded: no other delivery would fare better.
    """
    feeder = _feeder(entry)
    ref = deployment.ledger.begin(feeder, run_id, now=now, submitted_by=deployment.actor)
    attempt = _guarded(lambda: _fetch_and_judge(deployment, entry, ref, window))
    return _conclude(deployment, entry, ref, attempt, accept_for=ref.seq, arrived_at=now)


def reprocess(
    deployment: Deployment, entry: FeedEntry, run_id: str, batch: str | None = None
) -> list[Report]:
    """Judge the feed's landed deliveries again, oldest first, under today's layout and contract.

    Each takes the place of the delivery it replays, so no row of a mended layout lingers.
    """
    reports = []
    for row in deployment.ledger.deliveries.to_reprocess(entry.id, batch):
        now = datetime.now(UTC)
        ref = deployment.ledger.begin(
            _feeder(entry),
            run_id,
            now=now,
            replays=row["seq"],
            submitted_by=deployment.actor,
        )
        turn = turn_again(deployment, entry, row)
        manifest = deployment.landing.manifest(entry.id, row["delivery_id"])
        attempt = _guarded(
            lambda manifest=manifest, turn=turn, kind=row["kind"]: _judged_again(
                deployment, entry, manifest, turn, kind
            )
        )
        attempt.detail["replays"] = row["delivery_id"]
        if row["kind"] == CORRECTION:
            reports.append(_conclude_correction(deployment, entry, ref, attempt, row["seq"]))
            continue
        reports.append(
            _conclude(
                deployment, entry, ref, attempt, accept_for=row["seq"], arrived_at=turn.arrived_at
            )
        )
    return reports


def _judged_again(
    deployment: Deployment, entry: FeedEntry, manifest: Manifest, turn: Turn, kind: str
) -> Attempt:
    if kind == CORRECTION:
        return written(deployment, entry, weigh_kind(deployment, entry, manifest, turn, kind))
    return judge_landed(deployment, entry, manifest, turn)


def deliver_correction(
    deployment: Deployment, entry: FeedEntry, run_id: str, file: SourceFile, now: datetime
) -> Report:
    """Take a feedback pack that came back as a delivery of its own, beside the full ones.

    The same file again changes nothing and is not recorded again.
    """
    ledger, sha256 = deployment.ledger, sha256_of(file.path)
    if sha256 in ledger.deliveries.corrections_taken(entry.id):
        detail = {"note": "this file was taken before"}
        return _correction_report(entry, Attempt("seen_before", detail), now)
    ref = ledger.begin(
        _feeder(entry), run_id, now=now, submitted_by=deployment.actor, kind=CORRECTION
    )
    turn = Turn(
        ref.seq,
        now,
        ledger.acceptances.current_correction(entry.id),
        ledger.acceptances.current_batch(entry.id),
    )
    attempt = _guarded(lambda: take_correction(deployment, entry, ref.delivery_id, file, turn))
    if attempt.outcome != "marked_secret":
        attempt.detail["correction"] = {"file": file.name, "sha256": sha256}
    return _conclude_correction(deployment, entry, ref, attempt, ref.seq)


def last_report(deployment: Deployment, entry: FeedEntry) -> Report:
    """Where a feed stands without a new delivery: its last outcome over its last good batch."""
    now = datetime.now(UTC)
    delivery = deployment.ledger.deliveries.last(entry.id) or {}
    age = _age(deployment, entry, None, now)
    baseline = [result_of(record) for record in deployment.ledger.batches.current_results(entry.id)]
    clocks = _clocks(
        deployment, entry, age, deployment.ledger.deliveries.newest_event(entry.id), now
    )
    results = tuple(over_baseline(baseline, clocks))
    outcome = str(delivery.get("outcome", "nothing_arrived"))
    detail = dict(delivery.get("detail") or {})
    scored = scores(results, deployment.catalog.profile.scoring)
    return Report(entry, outcome, detail, results, scored, age, False, now)


def _guarded(work: Any) -> Attempt:
    """The border where a failure becomes a recorded outcome; the other feeds go on."""
    try:
        return work()  # type: ignore[no-any-return]
    except NotConfiguredError as error:
        detail = {"problem": str(error), "evidence": {"cause": "not_configured"}}
        return Attempt("source_unavailable", detail)
    except FetchError as error:
        return _not_fetched(error)
    except DiskFullError as error:
        missing = file_results(read=0, refused=0, missing=1)
        return Attempt("error", {"problem": str(error)}, missing, disk_full=error)
    except Exception as error:  # noqa: BLE001  a defect of one feed must not stop the province
        # where it happened, not what it said: an exception's message can carry a cell's value
        where = "".join(traceback.format_tb(error.__traceback__))
        evidence = failure.of_error(error)
        logger.error("delivery failed: %s\n%s", evidence["error"], where)
        detail = {"problem": f"internal error: {evidence['error']}", "evidence": evidence}
        return Attempt("error", detail, file_results(read=0, refused=0, missing=1))


def _stop_when_full(attempt: Attempt) -> None:
    if attempt.disk_full is not None:
        raise attempt.disk_full


def _not_fetched(error: FetchError) -> Attempt:
    results = []
    match error:
        case NothingArrivedError():
            outcome, results = "nothing_arrived", file_results(read=0, refused=0, missing=1)
        case SourceChangedError():
            outcome, results = "structure_mismatch", file_results(read=0, refused=1, missing=0)
        case SourceFaultyError():
            outcome = "source_faulty"
        case _:
            outcome = "source_unavailable"
    return Attempt(outcome, {"problem": str(error)}, results, answer=error.answer)


def _fetch_and_judge(
    deployment: Deployment, entry: FeedEntry, ref: DeliveryRef, window: Window
) -> Attempt:
    ledger = deployment.ledger
    # a fetch that was given up may still write while its workspace is cleared
    with tempfile.TemporaryDirectory(prefix="ioc-fetch-", ignore_cleanup_errors=True) as folder:
        cursor = ledger.deliveries.last_cursor(entry.id)
        with room_for(Path(folder)):
            fetched = fetch(entry.feed, deployment.environment, cursor, window, Path(folder))
        if not fetched.has_news:
            return _no_news(fetched)
        files = taken(fetched.files, Path(folder))
        if marked := marked_secret(deployment, entry, files):
            return marked
        manifest = deployment.landing.land(entry.id, ref.delivery_id, files)
    standing = ledger.acceptances.current_batch(entry.id)
    turn = Turn(ref.seq, ref.started_at, standing, previous=standing, missing=fetched.missing)
    attempt = judge_landed(deployment, entry, manifest, turn)
    if attempt.outcome in GOOD and "refused_files" not in attempt.detail:
        attempt.cursor = fetched.cursor
    return _noted(attempt, fetched)


def _no_news(fetched: Fetched) -> Attempt:
    problem = "nothing new at the source since the last delivery"
    attempt = Attempt("no_news", {"note": problem}, arrived=fetched.confirms, cursor=fetched.cursor)
    return _noted(attempt, fetched)


def _noted(attempt: Attempt, fetched: Fetched) -> Attempt:
    if fetched.note:
        attempt.detail["fetch"] = dict(fetched.note)
    return attempt


def _conclude(
    deployment: Deployment,
    entry: FeedEntry,
    ref: DeliveryRef,
    attempt: Attempt,
    accept_for: int,
    arrived_at: datetime,
) -> Report:
    """Score the delivery over the last good batch, and write the ledger in one transaction."""
    ledger, now = deployment.ledger, datetime.now(UTC)
    if attempt.answer is not None:
        told = failure.of_answer(deployment.landing, entry.id, attempt.answer)
        attempt.detail["evidence"] = told
    age = _age(deployment, entry, arrived_at if attempt.arrived else None, ref.started_at)
    baseline = [result_of(record) for record in ledger.batches.current_results(entry.id)]
    known = [attempt.newest_event, ledger.deliveries.newest_event(entry.id)]
    newest = max((moment for moment in known if moment), default=None)
    found = [*attempt.results, *_clocks(deployment, entry, age, newest, ref.started_at)]
    # a judged batch stands for itself; anything else is measured over the last good one
    results = tuple(found if attempt.judged else over_baseline(baseline, found))
    scored = scores(results, deployment.catalog.profile.scoring)
    conclusion = Conclusion(
        outcome=attempt.outcome,
        arrived=attempt.arrived,
        detail=_readable(attempt.detail),
        batch=attempt.batch,
        accept_for=accept_for if attempt.accept else None,
        cursor=attempt.cursor,
        bytes_landed=attempt.bytes_landed,
        newest_event=attempt.newest_event,
        results=[_record_of(result) for result in results],
        scores=[ScoreRecord(**vars(scored[dimension])) for dimension in DIMENSIONS],
    )
    _note_receipt(deployment, entry, ref, attempt)
    ledger.conclude(ref, _feeder(entry), conclusion, now=now)
    _stop_when_full(attempt)
    return Report(
        entry,
        attempt.outcome,
        attempt.detail,
        results,
        scored,
        age,
        attempt.arrived,
        ref.started_at,
        attempt.batch,
    )


def _conclude_correction(
    deployment: Deployment, entry: FeedEntry, ref: DeliveryRef, attempt: Attempt, accept_for: int
) -> Report:
    """Record a correction. The feed is not scored by it: its score is that of whole deliveries."""
    conclusion = Conclusion(
        outcome=attempt.outcome,
        arrived=False,
        detail=_readable(attempt.detail),
        batch=attempt.batch,
        accept_for=accept_for if attempt.accept else None,
        bytes_landed=attempt.bytes_landed,
        results=[_record_of(result) for result in attempt.results],
    )
    _note_receipt(deployment, entry, ref, attempt)
    deployment.ledger.conclude(ref, _feeder(entry), conclusion, now=datetime.now(UTC))
    _stop_when_full(attempt)
    return _correction_report(entry, attempt, ref.started_at)


def _note_receipt(
    deployment: Deployment, entry: FeedEntry, ref: DeliveryRef, attempt: Attempt
) -> None:
    if has_receipt(attempt.outcome):
        note_due(deployment, entry, ref.delivery_id)


def recorded_report(deployment: Deployment, entry: FeedEntry, delivery_id: str) -> Report | None:
    """What a receipt tells of a delivery that was concluded; None of one that was not."""
    row = deployment.ledger.deliveries.get(delivery_id)
    if row is None or not has_receipt(row["outcome"]):
        return None
    batches, name = deployment.ledger.batches, row["batch_id"]
    results = tuple(result_of(record) for record in batches.results_of(name)) if name else ()
    return Report(
        entry,
        row["outcome"],
        dict(row["detail"]),
        results,
        {},
        timedelta(0),
        bool(row["arrived"]),
        datetime.fromisoformat(row["started_at"]),
        batches.record(name) if name else None,
        row["kind"],
    )


def _correction_report(entry: FeedEntry, attempt: Attempt, started_at: datetime) -> Report:
    detail, results = attempt.detail, tuple(attempt.results)
    return Report(
        entry,
        attempt.outcome,
        detail,
        results,
        {},
        timedelta(0),
        False,
        started_at,
        attempt.batch,
        CORRECTION,
    )


def _readable(detail: Any) -> Any:
    """The detail with every text fit to be published: headers and names come from the files."""
    if isinstance(detail, str):
        return readable(detail)
    if isinstance(detail, dict):
        return {_readable(key): _readable(value) for key, value in detail.items()}
    return [_readable(part) for part in detail] if isinstance(detail, list) else detail


def _age(
    deployment: Deployment, entry: FeedEntry, just_now: datetime | None, now: datetime
) -> timedelta:
    """How long the feed had no good news; one that never had any, since it became active."""
    active = datetime.combine(entry.feed.status.since, datetime.min.time(), UTC)
    known = [just_now, deployment.ledger.deliveries.last_arrival(entry.id)]
    since = max([moment for moment in known if moment] or [active])
    return age_of_news(since, now, entry.agency.maintenance_of(entry.feed.dataset))


def _clocks(
    deployment: Deployment,
    entry: FeedEntry,
    age: timedelta,
    newest_event: datetime | None,
    now: datetime,
) -> list[RuleResult]:
    """How the feed stands by the three clocks: arrival, event, publication."""
    cadence, limit = entry.feed.cadence, entry.feed.late_after
    windows = entry.agency.maintenance_of(entry.feed.dataset)
    return [
        on_time_result(age, limit),
        *event_age_result(cadence, limit, newest_event, now, windows),
        published_result(deployment.ledger.acceptances.unpublished_since(entry.id), now),
    ]


def _feeder(entry: FeedEntry) -> Feeder:
    return Feeder(entry.id, entry.agency.code, entry.feed.dataset)


def _record_of(result: RuleResult) -> ResultRecord:
    rule = result.rule
    return ResultRecord(
        rule.id, rule.column or "", rule.dimension, result.passed, result.evaluated, result.detail
    )
