"""One delivery of one feed, from the source to accepted and quarantine. Knows no Dagster.

Whatever happens is a recorded outcome (DESIGN, "What happens to a batch"); the accepted data
changes only when a batch is accepted.
"""

from __future__ import annotations

import logging
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl

from contracts.base import DIMENSIONS, BatchContext, Contract, Rule
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetch import fetch
from ioc_pipelines.connectors.fetched import (
    Fetched,
    NothingArrivedError,
    SourceChangedError,
    SourceUnavailableError,
    Window,
)
from ioc_pipelines.intake.batch import batch_id
from ioc_pipelines.intake.landing import Manifest
from ioc_pipelines.intake.legacy_text import readable
from ioc_pipelines.intake.read_batch import ReadBatch, read_batch
from ioc_pipelines.ledger.store import (
    BatchRecord,
    Conclusion,
    DeliveryRef,
    Feeder,
    ResultRecord,
    ScoreRecord,
)
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.quality.delivery_rules import (
    control_result,
    file_results,
    on_time_result,
    over_baseline,
)
from ioc_pipelines.quality.evaluate import RuleResult
from ioc_pipelines.quality.score import Score, scores
from ioc_pipelines.quality.split import Verdict, judge

Outcome = Literal[
    "accepted",
    "partly_accepted",
    "seen_before",
    "no_news",
    "below_floor",
    "structure_mismatch",
    "unreadable",
    "nothing_arrived",
    "source_unavailable",
    "error",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
GOOD: frozenset[str] = frozenset({"accepted", "partly_accepted", "seen_before", "no_news"})

_FILES_SHOWN = 5

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
    batch: BatchRecord | None = None

    @property
    def is_good(self) -> bool:
        """Whether the source delivered, or confirmed that there is nothing new."""
        return self.outcome in GOOD

    @property
    def is_late(self) -> bool:
        """Whether the last good news is older than the feed allows."""
        return self.age > self.entry.feed.late_after


@dataclass
class _Attempt:
    """What a delivery is known to be so far. ``judged``: its rows were, just now."""

    outcome: str
    detail: dict[str, Any] = field(default_factory=dict)
    results: list[RuleResult] = field(default_factory=list)
    batch: BatchRecord | None = None
    accept: bool = False
    arrived: bool = False
    cursor: dict[str, Any] | None = None
    bytes_landed: int | None = None
    judged: bool = False


def deliver(
    deployment: Deployment, entry: FeedEntry, run_id: str, window: Window, now: datetime
) -> Report:
    """Fetch, land and judge one delivery; record its outcome, whatever it is."""
    feeder = _feeder(entry)
    ref = deployment.ledger.begin(feeder, run_id, now=now)
    attempt = _guarded(lambda: _fetch_and_judge(deployment, entry, ref, window))
    return _conclude(deployment, entry, ref, attempt, accept_for=ref.seq, arrived_at=now)


def reprocess(
    deployment: Deployment, entry: FeedEntry, run_id: str, batch: str | None = None
) -> list[Report]:
    """Judge the feed's landed deliveries again, oldest first, under today's layout and contract.

    Each takes the place of the delivery it replays, so no row of a mended layout lingers.
    """
    reports = []
    for row in deployment.ledger.to_reprocess(entry.id, batch):
        now = datetime.now(UTC)
        ref = deployment.ledger.begin(_feeder(entry), run_id, now=now, replays=row["seq"])
        arrived_at = datetime.fromisoformat(row["started_at"])
        attempt = _guarded(
            lambda row=row, arrived_at=arrived_at: _judge_landed(
                deployment,
                entry,
                deployment.landing.manifest(entry.id, row["delivery_id"]),
                arrived_at,
                missing=(),
                standing=deployment.ledger.standing_batch(row["seq"]),
                again=True,
            )
        )
        attempt.detail["replays"] = row["delivery_id"]
        reports.append(
            _conclude(deployment, entry, ref, attempt, accept_for=row["seq"], arrived_at=arrived_at)
        )
    return reports


def last_report(deployment: Deployment, entry: FeedEntry) -> Report:
    """Where a feed stands without a new delivery: its last outcome over its last good batch."""
    now = datetime.now(UTC)
    delivery = deployment.ledger.last_delivery(entry.id) or {}
    age = now - _last_news(deployment, entry, None)
    baseline = [_result_of(record) for record in deployment.ledger.current_results(entry.id)]
    on_time = on_time_result(age, entry.feed.late_after)
    results = tuple(over_baseline(baseline, [on_time]))
    outcome = str(delivery.get("outcome", "nothing_arrived"))
    detail = dict(delivery.get("detail") or {})
    return Report(entry, outcome, detail, results, scores(results), age, arrived=False)


def _guarded(work: Any) -> _Attempt:
    """The border where a failure becomes a recorded outcome; the other feeds go on."""
    try:
        return work()  # type: ignore[no-any-return]
    except SourceUnavailableError as error:
        return _Attempt("source_unavailable", {"problem": str(error)})
    except NothingArrivedError as error:
        results = file_results(read=0, refused=0, missing=1)
        return _Attempt("nothing_arrived", {"problem": str(error)}, results)
    except SourceChangedError as error:
        results = file_results(read=0, refused=1, missing=0)
        return _Attempt("structure_mismatch", {"problem": str(error)}, results)
    except Exception as error:  # noqa: BLE001  a defect of one feed must not stop the province
        # where it happened, not what it said: an exception's message can carry a cell's value
        where = "".join(traceback.format_tb(error.__traceback__))
        logger.error("delivery failed: %s\n%s", type(error).__name__, where)
        problem = {"problem": f"internal error: {type(error).__name__}"}
        return _Attempt("error", problem, file_results(read=0, refused=0, missing=1))


def _fetch_and_judge(
    deployment: Deployment, entry: FeedEntry, ref: DeliveryRef, window: Window
) -> _Attempt:
    ledger = deployment.ledger
    with tempfile.TemporaryDirectory(prefix="ioc-fetch-") as folder:
        cursor = ledger.last_cursor(entry.id)
        fetched = fetch(entry.feed, deployment.environment, cursor, window, Path(folder))
        if not fetched.has_news:
            return _no_news(fetched)
        manifest = deployment.landing.land(entry.id, ref.delivery_id, fetched.files)
    standing = ledger.current_batch(entry.id)
    attempt = _judge_landed(deployment, entry, manifest, ref.started_at, fetched.missing, standing)
    if attempt.outcome in GOOD and "refused_files" not in attempt.detail:
        attempt.cursor = fetched.cursor
    return attempt


def _no_news(fetched: Fetched) -> _Attempt:
    problem = "nothing new at the source since the last delivery"
    return _Attempt("no_news", {"note": problem}, arrived=fetched.confirms, cursor=fetched.cursor)


def _judge_landed(
    deployment: Deployment,
    entry: FeedEntry,
    manifest: Manifest,
    arrived_at: datetime,
    missing: Sequence[str],
    standing: str | None,
    again: bool = False,
) -> _Attempt:
    """Layout, conform, contract, split; write what came of it.

    ``standing`` is the batch that the delivery would take the place of: the same again is
    "seen before" and changes nothing. Its rows are not judged by a later clock, unless judging
    ``again`` is what was asked for.
    """
    contract = entry.required_contract()
    files = ((file.name, deployment.landing.path(entry.id, file)) for file in manifest.files)
    read = read_batch(entry.feed, contract, files, deployment.spellings)
    detail = _file_detail(read, missing)
    landed = sum(file.size for file in manifest.files)
    file_rules = file_results(read.read, len(read.refused), len(missing))
    batch, refused = read.batch, read.refused
    # a snapshot without one of its files would close that file's keys
    if batch is None or (refused and contract.info().load_mode == "snapshot"):
        rules = file_results(read=0, refused=len(manifest.files), missing=len(missing))
        outcome = refused[0].outcome if refused else "structure_mismatch"
        return _Attempt(outcome, detail, rules, bytes_landed=landed)
    name = batch_id(entry, contract, batch)
    known = standing == name
    if known and not again:
        return _seen_before(deployment, name, detail, file_rules, landed)
    context = BatchContext(arrived_at, deployment.references)
    verdict = judge(contract, batch, context, entry.feed.acceptance_floor)
    record = _record(contract, name, verdict)
    _write_rows(deployment, entry, read, verdict, record.batch_id)
    file_rules += control_result(int(read.control["ties"].sum()), read.control.height)
    if verdict.status == "below_floor":
        judged = record.rows_received - record.rows_duplicate
        detail["problem"] = f"{_valid(verdict)} of {judged} rows valid, below the floor"
    outcome = "partly_accepted" if (refused or missing) and _ok(verdict) else verdict.status
    return _Attempt(
        outcome="seen_before" if known and _ok(verdict) and not refused else outcome,
        detail=detail,
        results=[*verdict.results, *file_rules],
        batch=record,
        accept=_ok(verdict) and not known,
        arrived=_ok(verdict),
        bytes_landed=landed,
        judged=True,
    )


def _seen_before(
    deployment: Deployment,
    name: str,
    detail: dict[str, Any],
    file_rules: list[RuleResult],
    landed: int,
) -> _Attempt:
    """The standing batch came again: nothing changes, and the source has shown that it lives.

    Beside a file that is still refused it is no news.
    """
    broken = "refused_files" in detail
    return _Attempt(
        outcome="partly_accepted" if broken else "seen_before",
        detail=detail,
        results=file_rules,
        batch=deployment.ledger.batch_record(name),
        arrived=not broken,
        bytes_landed=landed,
    )


def _file_detail(read: ReadBatch, missing: Sequence[str]) -> dict[str, Any]:
    """Where the tables were, which files are refused or gone, and the first problem in words."""
    detail: dict[str, Any] = {"found": read.found}
    problems = []
    if read.passed_over:
        detail["files_without_table"] = read.passed_over
    if not read.control.is_empty():
        differ = read.control.filter(~pl.col("ties"))
        detail["control_totals"] = {"compared": read.control.height, "differ": differ.height}
    refused = read.refused
    if refused:
        offered = read.read + len(refused) + len(read.passed_over)
        detail["refused_files"] = {error.file: error.reason for error in refused}
        problems.append(f"{len(refused)} of {offered} files refused: {refused[0]}")
    elif read.batch is None:
        problems.append(f"none of {len(read.passed_over)} files has the table")
    if missing:
        detail["missing_files"] = list(missing)
        shown = ", ".join(missing[:_FILES_SHOWN])
        problems.append(f"{len(missing)} files no longer there: {shown}")
    if problems:
        detail["problem"] = "; ".join(problems)
    return detail


def _record(contract: type[Contract], name: str, verdict: Verdict) -> BatchRecord:
    return BatchRecord(
        batch_id=name,
        contract_version=contract.info().version,
        rows_received=verdict.rows_received,
        rows_accepted=verdict.accepted.height,
        rows_quarantined=verdict.quarantined.height,
        rows_duplicate=verdict.rows_duplicate,
        status=verdict.status,
    )


def _write_rows(
    deployment: Deployment, entry: FeedEntry, read: ReadBatch, verdict: Verdict, name: str
) -> None:
    contract, rows = entry.required_contract(), deployment.rows
    if _ok(verdict):
        rows.write_accepted(contract, entry.id, name, verdict.accepted)
    rows.write_quarantine(contract, entry.id, name, read, verdict.quarantined, verdict.broken)
    rows.write_control_totals(contract, entry.id, name, read.control)


def _ok(verdict: Verdict) -> bool:
    return verdict.status != "below_floor"


def _valid(verdict: Verdict) -> int:
    floor_only = verdict.broken.filter(pl.col("rule") == "complete.acceptance_floor")
    return verdict.accepted.height + floor_only.height


def _conclude(
    deployment: Deployment,
    entry: FeedEntry,
    ref: DeliveryRef,
    attempt: _Attempt,
    accept_for: int,
    arrived_at: datetime,
) -> Report:
    """Score the delivery over the last good batch, and write the ledger in one transaction."""
    ledger, now = deployment.ledger, datetime.now(UTC)
    age = ref.started_at - _last_news(deployment, entry, arrived_at if attempt.arrived else None)
    baseline = [_result_of(record) for record in ledger.current_results(entry.id)]
    found = [*attempt.results, on_time_result(age, entry.feed.late_after)]
    # a judged batch stands for itself; anything else is measured over the last good one
    results = tuple(found if attempt.judged else over_baseline(baseline, found))
    scored = scores(results)
    conclusion = Conclusion(
        outcome=attempt.outcome,
        arrived=attempt.arrived,
        detail=_readable(attempt.detail),
        batch=attempt.batch,
        accept_for=accept_for if attempt.accept else None,
        cursor=attempt.cursor,
        bytes_landed=attempt.bytes_landed,
        results=[_record_of(result) for result in results],
        scores=[ScoreRecord(**vars(scored[dimension])) for dimension in DIMENSIONS],
    )
    ledger.conclude(ref, _feeder(entry), conclusion, now=now)
    return Report(
        entry,
        attempt.outcome,
        attempt.detail,
        results,
        scored,
        age,
        attempt.arrived,
        attempt.batch,
    )


def _readable(detail: Any) -> Any:
    """The detail with every text fit to be published: headers and names come from the files."""
    if isinstance(detail, str):
        return readable(detail)
    if isinstance(detail, dict):
        return {_readable(key): _readable(value) for key, value in detail.items()}
    return [_readable(part) for part in detail] if isinstance(detail, list) else detail


def _last_news(deployment: Deployment, entry: FeedEntry, just_now: datetime | None) -> datetime:
    """When the feed last had good news; of one that never had any, when it became active."""
    since = datetime.combine(entry.feed.status.since, datetime.min.time(), UTC)
    known = [just_now, deployment.ledger.last_arrival(entry.id)]
    return max([moment for moment in known if moment] or [since])


def _feeder(entry: FeedEntry) -> Feeder:
    return Feeder(entry.id, entry.agency.code, entry.feed.dataset)


def _record_of(result: RuleResult) -> ResultRecord:
    rule = result.rule
    return ResultRecord(
        rule.id, rule.column or "", rule.dimension, result.passed, result.evaluated, result.detail
    )


def _result_of(record: ResultRecord) -> RuleResult:
    rule = Rule(record.rule, record.column_name or None, "")
    return RuleResult(rule, record.passed, record.evaluated, record.detail)
