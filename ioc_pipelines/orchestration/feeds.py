"""Assets of the feeds and of their accepted datasets, in one step.

The feeds are fetched side by side. A feed that brought nothing makes no materialization, so its
freshness tells the truth; an accepted dataset always materializes from its last good batches, so
the province goes on. Both live in one op because Dagster would otherwise skip what is downstream of
a skipped feed.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from contracts.base import DIMENSIONS, VIETNAM, Contract
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.orchestration import metadata
from ioc_pipelines.orchestration.approving import enter_approved
from ioc_pipelines.orchestration.delivery import Report, deliver, last_report, reprocess
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.keys import accepted_key, feed_key, sector
from ioc_pipelines.orchestration.pages import feedback_links
from ioc_pipelines.orchestration.receipts import send_receipt, send_receipt_due
from ioc_pipelines.orchestration.receipts_due import settle
from ioc_pipelines.orchestration.returned_files import take_corrections
from ioc_pipelines.orchestration.returning import CORRECTION
from ioc_pipelines.orchestration.starting import begin_run
from ioc_pipelines.orchestration.waves import waves
from ioc_pipelines.warehouse.lock import holding_feed

# most of the time they wait for their sources
_SIDE_BY_SIDE = 16


class IntakeConfig(dg.Config):
    """What to fetch, from the launchpad or the command line."""

    feeds: list[str] = Field(default=[], description="Feed ids; empty means all selected feeds")
    since: str | None = Field(default=None, description="Only changes since, 2026-11-01[T08:00]")
    until: str | None = Field(default=None, description="Only changes before")
    deadline: str | None = Field(
        default=None,
        description="Opens a collection round: feeds that have not delivered are asked again "
        "until then, 2026-11-25T17:00 (Viet Nam)",
    )
    reason: str = Field(default="", description="What the collection round is for")
    reprocess: bool = Field(default=False, description="Judge what was landed again; no fetch")
    batch_id: str | None = Field(default=None, description="With reprocess: this batch only")


def intake_assets(deployment: Deployment) -> dg.AssetsDefinition:
    """All active feeds and all datasets of the profile, with four checks per feed."""
    catalog = deployment.catalog
    entries = {feed_key(entry): entry for entry in catalog.active}

    @dg.multi_asset(
        name="intake",
        description="Nhận dữ liệu của các cơ quan, kiểm tra theo hợp đồng dữ liệu",
        specs=[
            *(_feed_spec(entry) for entry in catalog.active),
            *(_accepted_spec(contract, deployment) for contract in catalog.contracts.values()),
        ],
        check_specs=[
            dg.AssetCheckSpec(dimension, asset=key, description=metadata.DIMENSION_VI[dimension])
            for key in entries
            for dimension in DIMENSIONS
        ],
        can_subset=True,
    )
    def intake(context: dg.AssetExecutionContext, config: IntakeConfig) -> Iterator[object]:
        begin_run(deployment, context.run_id)
        chosen = [
            entry
            for key, entry in entries.items()
            if key in context.selected_asset_keys and (not config.feeds or entry.id in config.feeds)
        ]
        _require_known(config.feeds, [entry.id for entry in catalog.active])
        deployment.rows.prepare(catalog.contracts.values())
        _open_round(deployment, chosen, config, context.run_id)
        for report in _reports(deployment, chosen, config, context.run_id):
            context.log.info(metadata.progress(report), extra=metadata.log_fields(report))
            if report.kind != CORRECTION:
                yield from _events(deployment, report, context.selected_asset_check_keys)
        for key, entry in entries.items():
            asked = {check.asset_key for check in context.selected_asset_check_keys}
            if key in asked and entry not in chosen:
                report = last_report(deployment, entry)
                yield from _checks(deployment, report, context.selected_asset_check_keys)
        for contract in catalog.contracts.values():
            if accepted_key(contract.info().dataset) in context.selected_asset_keys:
                yield _accept(deployment, contract)

    return intake


def _open_round(
    deployment: Deployment, chosen: Iterable[FeedEntry], config: IntakeConfig, run_id: str
) -> None:
    """Open the round that a deadline asks for."""
    deadline = _moment(config.deadline)
    if deadline is None:
        return
    feeds = [entry.id for entry in chosen]
    try:
        deployment.rounds.open(
            feeds, reason=config.reason, deadline=deadline, run_id=run_id, now=datetime.now(UTC)
        )
    except ValueError as error:
        raise dg.DagsterInvalidInvocationError(str(error)) from error


def _reports(
    deployment: Deployment, entries: Iterable[FeedEntry], config: IntakeConfig, run_id: str
) -> Iterator[Report]:
    """The reports of a feed as each is done: its corrections, and one of full deliveries.

    What was approved since enters first. Of several that are replayed it is the last.
    """
    window = Window(_moment(config.since), _moment(config.until))

    def work(entry: FeedEntry) -> list[Report]:
        with holding_feed(deployment.home, entry.id):
            return reports_of(entry)

    def reports_of(entry: FeedEntry) -> list[Report]:
        if config.reprocess:
            reports = reprocess(deployment, entry, run_id, config.batch_id)
        else:
            send_receipt_due(deployment, entry)
            reports = enter_approved(deployment, entry, run_id)
            now = datetime.now(UTC)
            reports += take_corrections(deployment, entry, run_id, now)
            reports.append(deliver(deployment, entry, run_id, window, now))
        for report in reports:
            send_receipt(deployment, report)
        settle(deployment, entry)
        full = [report for report in reports if report.kind != CORRECTION][-1:]
        if config.reprocess:
            return full
        return [report for report in reports if report.kind == CORRECTION] + full

    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        for wave in waves(entries):
            for future in as_completed([pool.submit(work, entry) for entry in wave]):
                yield from future.result()


def _events(
    deployment: Deployment, report: Report, checks: Iterable[dg.AssetCheckKey]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    key = feed_key(report.entry)
    if report.arrived:
        links = feedback_links(deployment, report)
        yield dg.MaterializeResult(asset_key=key, metadata=metadata.of_delivery(report, links))
    yield from _checks(deployment, report, checks)


def _checks(
    deployment: Deployment, report: Report, checks: Iterable[dg.AssetCheckKey]
) -> Iterator[dg.AssetCheckResult]:
    """The verdicts on the dimensions that were asked for."""
    key, links = feed_key(report.entry), feedback_links(deployment, report)
    for dimension in DIMENSIONS:
        if dg.AssetCheckKey(key, dimension) in checks:
            yield metadata.check_result(report, key, dimension, links)


def _accept(deployment: Deployment, contract: type[Contract]) -> dg.MaterializeResult[None]:
    dataset = contract.info().dataset
    acceptances = deployment.ledger.acceptances.of(dataset)
    return dg.MaterializeResult(
        asset_key=accepted_key(dataset),
        metadata=metadata.of_accepted(deployment, dataset, acceptances),
    )


def _feed_spec(entry: FeedEntry) -> dg.AssetSpec:
    feed, contract = entry.feed, entry.required_contract()
    return dg.AssetSpec(
        key=feed_key(entry),
        description=f"{feed.title_vi}. Nguồn: {entry.agency.name_vi}.",
        group_name=sector(feed.dataset),
        owners=[f"team:{entry.agency.code}"],
        kinds={part.kind for part in [feed.connector] if part}
        | {part.format for part in [feed.layout] if part},
        tags={
            "agency": entry.agency.code,
            "classification": feed.classification,
            "cadence": feed.cadence,
            "sharing": feed.sharing,
        },
        metadata={
            "dagster/column_schema": metadata.column_schema(contract),
            "contract_version": contract.info().version,
            "focal_point": f"{feed.focal_point.position}, {feed.focal_point.unit}",
            "late_after_s": int(feed.late_after.total_seconds()),
        },
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=feed.late_after),
        skippable=True,
    )


def _accepted_spec(contract: type[Contract], deployment: Deployment) -> dg.AssetSpec:
    info = contract.info()
    feeds = deployment.catalog.feeds_of(info.dataset)
    return dg.AssetSpec(
        key=accepted_key(info.dataset),
        deps=[feed_key(entry) for entry in feeds],
        description=f"{info.title_vi}: các dòng đạt hợp đồng dữ liệu, lần tốt gần nhất.",
        group_name=sector(info.dataset),
        owners=sorted({f"team:{entry.agency.code}" for entry in feeds}),
        kinds={"parquet"},
        metadata={
            "dagster/column_schema": metadata.column_schema(contract),
            "grain": info.grain,
            "key": ", ".join(info.key),
            "load_mode": info.load_mode,
            "basis": info.basis,
        },
    )


def _moment(text: str | None) -> datetime | None:
    """A moment as an operator writes it: local time of Viet Nam."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=VIETNAM) if moment.tzinfo is None else moment


def _require_known(wanted: Iterable[str], known: list[str]) -> None:
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        msg = f"no active feed {', '.join(unknown)}; there are: {', '.join(known)}"
        raise dg.DagsterInvalidInvocationError(msg)
