"""What was landed, judged: layout, conform, contract, split; what came of it is written.

Knows no Dagster and no ledger entry: the delivery around it records the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, get_args

import polars as pl

from contracts.base import BatchContext, Contract, Rule
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import FailedAnswer
from ioc_pipelines.durable import DiskFullError
from ioc_pipelines.intake.batch import id_of_rows, layout_hash, rows_digest
from ioc_pipelines.intake.conform import ROW_ID
from ioc_pipelines.intake.corrections import Corrected, correct
from ioc_pipelines.intake.landing import LandedFile, Manifest
from ioc_pipelines.intake.read_batch import ReadBatch, read_batch
from ioc_pipelines.ledger.records import BatchRecord, ResultRecord
from ioc_pipelines.orchestration import failure
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.quality.approval import ruling
from ioc_pipelines.quality.clocks import newest_event
from ioc_pipelines.quality.delivery_rules import (
    CORRECTION_APPLIES,
    control_result,
    correction_result,
    file_results,
)
from ioc_pipelines.quality.evaluate import RuleResult
from ioc_pipelines.quality.known_errors import with_dropped
from ioc_pipelines.quality.split import FLOOR, Verdict, judge
from ioc_pipelines.quality.stream import StreamedVerdict
from ioc_pipelines.quality.taken_keys import with_taken

Outcome = Literal[
    "accepted",
    "partly_accepted",
    "seen_before",
    "no_news",
    "below_floor",
    "held",
    "awaiting_approval",
    "rejected",
    "already_closed",
    "structure_mismatch",
    "unreadable",
    "marked_secret",
    "nothing_arrived",
    "source_unavailable",
    "source_faulty",
    "error",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
GOOD: frozenset[str] = frozenset({"accepted", "partly_accepted", "seen_before", "no_news"})

_FILES_SHOWN = 5


@dataclass
class Attempt:
    """What a delivery is known to be so far. ``judged``: its rows were, just now.

    ``answer`` is what a fetch failed on; ``disk_full``: why nothing more can be delivered.
    """

    outcome: str
    detail: dict[str, Any] = field(default_factory=dict)
    results: list[RuleResult] = field(default_factory=list)
    batch: BatchRecord | None = None
    accept: bool = False
    arrived: bool = False
    cursor: dict[str, Any] | None = None
    bytes_landed: int | None = None
    judged: bool = False
    newest_event: datetime | None = None
    answer: FailedAnswer | None = None
    disk_full: DiskFullError | None = None


@dataclass(frozen=True)
class Judgement:
    """What was landed, read and judged, nothing written; ``verdict``: None when no row was.

    ``answered``: ``_row_id, ticket`` of a correction.
    """

    attempt: Attempt
    read: ReadBatch
    verdict: Verdict | None = None
    corrected: Corrected | None = None
    answered: pl.DataFrame | None = None


@dataclass(frozen=True)
class Foreseen:
    """What a dry run found so far: ``lists`` as they would be, and the rows that would be accepted
    of the batch before, None where that stays as it is.
    """

    lists: Mapping[str, pl.Series]
    previous: pl.DataFrame | None = None

    def in_place_of(self, context: BatchContext, contract: type[Contract]) -> BatchContext:
        """The context as it would be by then."""
        rows = context.previous
        if self.previous is not None:
            rows = self.previous.lazy().select(*contract.polars_schema())
        return replace(context, references=self.lists, previous=rows)


@dataclass(frozen=True)
class Turn:
    """A delivery's turn: its number, when it arrived, and what it is measured against.

    ``standing`` is the batch that it would take the place of: the same again is "seen before" and
    changes nothing. Its rows are not judged by a later clock, unless judging ``again`` is what was
    asked for. ``previous`` is the batch accepted before it; ``missing`` are files no longer there.
    """

    seq: int
    arrived_at: datetime
    standing: str | None
    previous: str | None
    missing: Sequence[str] = ()
    again: bool = False
    foreseen: Foreseen | None = None


def turn_again(deployment: Deployment, entry: FeedEntry, delivery: Mapping[str, Any]) -> Turn:
    """The turn of a landed delivery that is to be judged once more."""
    ledger, seq = deployment.ledger, delivery["seq"]
    return Turn(
        seq=seq,
        arrived_at=datetime.fromisoformat(delivery["started_at"]),
        standing=ledger.acceptances.standing_batch(seq),
        previous=ledger.acceptances.batch_before(entry.id, seq),
        again=True,
    )


def written(deployment: Deployment, entry: FeedEntry, judged: Judgement) -> Attempt:
    """Write what came of the rows of a judgement."""
    if judged.attempt.batch is not None:
        name = judged.attempt.batch.batch_id
        if judged.verdict is not None:
            _write_rows(deployment, entry, judged, judged.verdict, name)
        if judged.corrected is not None:
            contract, found = entry.required_contract(), judged.corrected.found
            deployment.rows.quarantine.write_corrections(contract, entry.id, name, found)
    return judged.attempt


def weigh(deployment: Deployment, entry: FeedEntry, manifest: Manifest, turn: Turn) -> Judgement:
    """Layout, conform, known errors, contract, split, approval. Writes nothing."""
    contract = entry.required_contract()
    read = read_landed(deployment, entry, manifest.files)
    detail = file_detail(read, turn.missing)
    detail["read_by"] = read_by(entry)
    landed = sum(file.size for file in manifest.files)
    file_rules = file_results(read.read, len(read.refused), len(turn.missing))
    batch, refused = read.batch, read.refused
    if refused or batch is None:
        detail["evidence"] = failure.of_files(manifest, refused)
    # a snapshot without one of its files would close that file's keys
    if batch is None or (refused and contract.info().load_mode == "snapshot"):
        rules = file_results(read=0, refused=len(manifest.files), missing=len(turn.missing))
        outcome = refused[0].outcome if refused else "structure_mismatch"
        return Judgement(Attempt(outcome, detail, rules, bytes_landed=landed), read)
    corrected = correct(batch, contract, entry.corrections)
    rows = rows_digest(batch, contract)
    name = id_of_rows(entry, contract, rows, corrected.digest)
    file_rules += corrections_results(corrected, detail)
    if turn.standing == name and not turn.again:
        attempt = seen_before(deployment, name, detail, file_rules, landed)
        return Judgement(attempt, read, corrected=corrected)
    # totals that differ lower the score that an approval looks at, so they are known before it
    file_rules += control_result(int(read.control["ties"].sum()), read.control.height)
    attempt = Attempt("accepted", detail, file_rules, bytes_landed=landed, judged=True)
    earlier = [
        id_of_rows(entry, contract, rows, corrected.digest, version)
        for version in deployment.approvals.versions(entry.id)
    ]
    is_whole = not (refused or turn.missing)
    verdict = judge_rows(
        deployment, entry, corrected, name, turn, attempt, is_whole=is_whole, earlier=earlier
    )
    return Judgement(attempt, read, verdict, corrected)


def read_landed(
    deployment: Deployment, entry: FeedEntry, landed: Sequence[LandedFile]
) -> ReadBatch:
    """Read landed files by today's layout. Raises TamperedLandingError."""
    files = ((file.name, deployment.landing.path(entry.id, file)) for file in landed)
    known = {file.name: file.known for file in landed if file.known}
    contract, limits = entry.required_contract(), deployment.catalog.profile.reading
    return read_batch(entry.feed, contract, files, deployment.spellings, known, limits)


def read_by(entry: FeedEntry) -> str:
    """By what a delivery is read today: it says whether a later reading is by the same."""
    version = entry.required_contract().info().version
    return f"contract {version}, layout {layout_hash(entry)[:12]}"


def judge_rows(
    deployment: Deployment,
    entry: FeedEntry,
    corrected: Corrected,
    name: str,
    turn: Turn,
    attempt: Attempt,
    *,
    is_whole: bool,
    taken: pl.Series | None = None,
    earlier: Sequence[str] = (),
) -> Verdict:
    """Hold the rows to the contract and to what people decided; complete the attempt by it.

    ``taken``: of a correction the row ids whose key another row has. It is some rows of a set: they
    are judged one by one, and what a rule finds of the set as a whole, or asks of it, is not said
    of them. ``earlier``: what the same rows are called under other versions of the contract; what
    was decided about them then holds.
    """
    contract = entry.required_contract()
    decision = decision_of(deployment, name, earlier, attempt)
    context = context_of(deployment, contract, turn.arrived_at, turn.previous)
    if turn.foreseen is not None:
        context = turn.foreseen.in_place_of(context, contract)
    waived = taken is not None or decision == "waived"
    judged = judge(contract, corrected.batch, context, entry.feed.acceptance_floor, waived=waived)
    if taken is not None:
        judged = with_taken(judged, taken)
    verdict = with_dropped(judged, corrected.dropped)
    of_set = {rule.rule.id for rule in contract.batch_rules()} if taken is not None else set()
    found = [result for result in verdict.results if result.rule.id not in of_set]
    attempt.results = [*found, *attempt.results]
    complete(deployment, entry, name, turn, attempt, verdict, decision, is_whole=is_whole)
    if attempt.outcome in GOOD:
        attempt.newest_event = newest_event(contract, verdict.accepted)
    return verdict


def decision_of(
    deployment: Deployment, name: str, earlier: Sequence[str], attempt: Attempt
) -> str | None:
    """What a person decided about the batch, told in the detail where it bore another name."""
    decided = deployment.approvals.decided(name, *earlier)
    decision = decided.decision if decided else None
    if decided and decided.batch_id != name:
        attempt.detail["decided_as"] = {"batch_id": decided.batch_id, "decision": decision}
    return decision


def complete(
    deployment: Deployment,
    entry: FeedEntry,
    name: str,
    turn: Turn,
    attempt: Attempt,
    verdict: Verdict | StreamedVerdict,
    decision: str | None,
    *,
    is_whole: bool,
) -> None:
    """Outcome, batch and whether it is accepted, by the verdict and what people decided."""
    stands = turn.standing == name
    if verdict.is_good:
        attempt.outcome = _outcome(verdict, is_whole=is_whole, stands=stands)
        ruled = ruling(deployment.catalog.profile, decision, attempt.results)
        if ruled.status != "approved":
            attempt.outcome = ruled.status
        if ruled.note:
            attempt.detail["approval"] = ruled.note
    else:
        attempt.outcome = verdict.status
        add_problem(attempt.detail, _why_not(verdict))
    is_in = attempt.outcome in GOOD
    status = verdict.status if is_in else attempt.outcome
    attempt.batch = _record(entry.required_contract(), name, verdict, status)
    attempt.accept, attempt.arrived = is_in and not stands, verdict.is_good


def context_of(
    deployment: Deployment, contract: type[Contract], arrived_at: datetime, previous: str | None
) -> BatchContext:
    """What a batch that arrives then is judged against; ``previous`` is the batch before it."""
    rows = None
    if previous is not None and contract.batch_rules():
        rows = deployment.rows.accepted.read(contract, previous)
    return BatchContext(arrived_at, deployment.references, deployment.validity, rows)


def _outcome(verdict: Verdict | StreamedVerdict, *, is_whole: bool, stands: bool) -> str:
    """What became of a batch that may be accepted."""
    if stands and is_whole:
        return "seen_before"
    return verdict.status if is_whole else "partly_accepted"


def _why_not(verdict: Verdict | StreamedVerdict) -> str:
    """Why the whole batch is refused."""
    if verdict.status == "held":
        reasons = (f"{result.rule.message_vi} ({result.detail})" for result in verdict.holding)
        return "held for a person to decide: " + "; ".join(reasons)
    judged = verdict.rows_received - verdict.rows_duplicate
    return f"{verdict.rows_valid} of {judged} rows valid, below the floor"


def corrections_results(corrected: Corrected, detail: dict[str, Any]) -> list[RuleResult]:
    """How the known errors fared, told in the detail by their ids; a stale one is a problem."""
    ids = {found: corrected.ids(found) for found in ("applied", "differs", "absent")}
    results = correction_result(ids["applied"], ids["differs"], ids["absent"])
    if results:
        detail["corrections"] = ids
    if ids["differs"]:
        add_problem(
            detail,
            "the source no longer sends what these corrections expect, they were not applied: "
            f"{', '.join(ids['differs'])}; see docs/corrections.md",
        )
    return results


def add_problem(detail: dict[str, Any], problem: str) -> None:
    """Add what somebody should look at to what the detail of a delivery says already."""
    detail["problem"] = "; ".join([*filter(None, [detail.get("problem")]), problem])


def seen_before(
    deployment: Deployment,
    name: str,
    detail: dict[str, Any],
    file_rules: list[RuleResult],
    landed: int,
) -> Attempt:
    """The standing batch came again: nothing changes, and the source has shown that it lives.

    Beside a file that is still refused it is no news.
    """
    broken = "refused_files" in detail
    if "corrections" not in detail:
        # what an earlier register found of the same batch is no more
        known = (record.rule for record in deployment.ledger.batches.results_of(name))
        lapsed = CORRECTION_APPLIES.id in known
        file_rules = [*file_rules, *([RuleResult(CORRECTION_APPLIES, 0, 0)] if lapsed else [])]
    return Attempt(
        outcome="partly_accepted" if broken else "seen_before",
        detail=detail,
        results=file_rules,
        batch=deployment.ledger.batches.record(name),
        arrived=not broken,
        bytes_landed=landed,
    )


def file_detail(read: ReadBatch, missing: Sequence[str]) -> dict[str, Any]:
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


def _record(
    contract: type[Contract], name: str, verdict: Verdict | StreamedVerdict, status: str
) -> BatchRecord:
    return BatchRecord(
        batch_id=name,
        contract_version=contract.info().version,
        rows_received=verdict.rows_received,
        rows_accepted=verdict.rows_accepted,
        rows_quarantined=verdict.rows_quarantined,
        rows_duplicate=verdict.rows_duplicate,
        status=status,
    )


def _write_rows(
    deployment: Deployment, entry: FeedEntry, judged: Judgement, verdict: Verdict, name: str
) -> None:
    contract, rows, read = entry.required_contract(), deployment.rows, judged.read
    if verdict.is_good:
        rows.accepted.write(contract, entry.id, name, verdict.accepted)
    of_batch = {FLOOR.id, *(result.rule.id for result in verdict.holding)}
    rows.quarantine.write(
        contract, entry.id, name, read, verdict.quarantined, verdict.broken, of_batch
    )
    rows.quarantine.write_control_totals(contract, entry.id, name, read.control)
    if judged.answered is not None and read.batch is not None:
        accepted = verdict.accepted[ROW_ID]
        rows.quarantine.write_answers(
            contract, entry.id, name, read.batch, judged.answered, accepted
        )


def result_of(record: ResultRecord) -> RuleResult:
    """What the ledger says of a rule, as it was found."""
    rule = Rule(record.rule, record.column_name or None, "")
    return RuleResult(rule, record.passed, record.evaluated, record.detail)
