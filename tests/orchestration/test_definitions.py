"""What Dagster is told of each profile: assets, checks, jobs, schedule, lineage."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from contracts.base import DIMENSIONS
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.catalog.models import Letter
from ioc_pipelines.home import PROJECT, SOURCES, Home
from ioc_pipelines.orchestration.assemble import assemble
from ioc_pipelines.orchestration.dbt import published_tables
from ioc_pipelines.orchestration.deployment import Deployment, UnknownProfileError
from ioc_pipelines.orchestration.feeds import intake_assets
from ioc_pipelines.orchestration.instance import open_instance

PROFILES = ("hung_yen", "open_data")
KNOWN = {
    "so_tai_chinh/finance.budget_revenue": (timedelta(days=35), {"files", "xlsx"}),
    "so_y_te/health.disease_weekly": (timedelta(days=10), {"files", "csv"}),
    "van_phong_ubnd/public_services.procedure_dossier": (timedelta(hours=26), {"lgsp", "json"}),
    "kho_bac/finance.treasury_payment": (timedelta(hours=26), {"sql", "parquet"}),
    "so_nnmt/environment.air_quality_hourly": (timedelta(hours=26), {"rest", "json"}),
    "nso/investment.fdi_by_province": (timedelta(days=400), {"files", "xlsx"}),
    "van_phong_chinh_phu/public_services.procedure": (timedelta(days=400), {"files", "json"}),
}


def declared(profile: str) -> dict[str, tuple[timedelta, set[str]]]:
    """The active feeds as the YAML has them, read without the catalog."""
    found = {}
    for path in (SOURCES / profile).glob("*.yaml"):
        agency = yaml.safe_load(path.read_text(encoding="utf-8"))
        for feed in agency.get("feeds", []):
            if feed["status"]["state"] == "active":
                count, unit = int(feed["late_after"][:-1]), feed["late_after"][-1]
                age = timedelta(hours=count) if unit == "h" else timedelta(days=count)
                kinds = {feed["connector"]["kind"], feed["layout"]["format"]}
                found[f"{agency['code']}/{feed['dataset']}"] = (age, kinds)
    return found


FEEDS = {profile: declared(profile) for profile in PROFILES}
# what no indicator is counted from
NOT_MEASURED = {
    "civil_service.staff_by_unit",
    "finance.budget_by_province",
    "housing.social_housing",
    "public_services.procedure",
    "reference.admin_unit_change",
    "social_security.participation_monthly",
}
# what names provinces, and stands in the core with the unit of each name
BY_PROVINCE = {
    "finance.budget_by_province",
    "governance.pci",
    "health.disease_cases_monthly",
    "investment.fdi_by_province",
    "investment.state_budget_investment",
    "labour.industrial_labour_index",
    "population.population_by_province",
}
PLANNED = "so_nnmt/land.parcel"
SCHEMAS = {"staging", "core", "marts", "quality"}
VIETNAMESE = set("ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹáàãéèíìóòõúùý")


@dataclass(frozen=True)
class Loaded:
    """A profile with its definitions."""

    name: str
    deployment: Deployment
    definitions: dg.Definitions
    graph: AssetGraph

    def asset_keys(self) -> set[str]:
        return {key.to_user_string() for key in self.graph.get_all_asset_keys()}

    def node(self, key: str):  # type: ignore[no-untyped-def]
        return self.graph.get(dg.AssetKey(key.split("/")))


def deployment_of(profile: str, folder: Path) -> Deployment:
    return Deployment(Home(profile, folder / profile), load_catalog(SOURCES / profile))


@pytest.fixture(scope="module", params=sorted(FEEDS))
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("definitions")
    deployment = deployment_of(request.param, folder)
    definitions = assemble(deployment)
    graph = definitions.resolve_asset_graph()
    # loading definitions opens and writes nothing
    assert list(folder.iterdir()) == []
    return Loaded(request.param, deployment, definitions, graph)


def is_vietnamese(text: str | None) -> bool:
    return bool(VIETNAMESE & set((text or "").lower()))


# -- assets ---------------------------------------------------------------------------------------


def test_every_active_feed_and_every_dataset_is_an_asset(loaded: Loaded) -> None:
    feeds = set(FEEDS[loaded.name])
    datasets = {f"accepted/{dataset.replace('.', '__')}" for dataset in all_contracts()}
    agencies = {entry.agency.code for entry in loaded.deployment.catalog.entries}
    found = loaded.asset_keys()
    assert {key for key in found if key.split("/")[0] in agencies} == feeds
    assert {key for key in found if key.startswith("accepted/")} == datasets
    assert len(datasets) >= 14
    assert "published/snapshot" in found


def test_the_warehouse_is_the_same_for_every_profile(loaded: Loaded) -> None:
    tables = {name.replace(".", "/") for name in published_tables()}
    assert {"marts/indicator_value", "core/dim_admin_unit", "quality/score"} < tables
    assert tables < loaded.asset_keys()
    assert {key.split("/")[0] for key in tables} == SCHEMAS


def test_the_feeds_are_read_as_they_are_declared() -> None:
    every = {**FEEDS["hung_yen"], **FEEDS["open_data"]}
    assert {feed: every[feed] for feed in KNOWN} == KNOWN
    assert len(FEEDS["hung_yen"]) >= 15
    assert len(FEEDS["open_data"]) >= 11


def test_a_planned_feed_is_in_the_catalog_and_makes_no_asset(loaded: Loaded) -> None:
    ids = {entry.id for entry in loaded.deployment.catalog.entries}
    assert (PLANNED in ids) == (loaded.name == "hung_yen")
    assert PLANNED not in loaded.asset_keys()
    assert len(FEEDS[loaded.name]) == len(loaded.deployment.catalog.active)


def test_a_withdrawn_consent_takes_the_asset_away(tmp_path: Path) -> None:
    deployment = deployment_of("hung_yen", tmp_path)
    first, *others = deployment.catalog.active
    letter = Letter(number="1/CV", dated=date(2026, 11, 1))
    letters = first.feed.letters.model_copy(update={"withdrawn": letter})
    withdrawn = replace(first, feed=first.feed.model_copy(update={"letters": letters}))
    catalog = replace(deployment.catalog, entries=(withdrawn, *others))
    keys = {k.to_user_string() for k in intake_assets(replace(deployment, catalog=catalog)).keys}
    assert first.id not in keys
    assert {entry.id for entry in others} < keys


def test_feeds_say_what_they_are(loaded: Loaded) -> None:
    for feed, (late_after, kinds) in FEEDS[loaded.name].items():
        agency, dataset = feed.split("/")
        node = loaded.node(feed)
        assert node.group_name == dataset.split(".")[0], feed
        assert list(node.owners) == [f"team:{agency}"], feed
        assert set(node.kinds) == kinds, feed
        assert is_vietnamese(node.description), feed
        policy = node.freshness_policy
        assert policy.fail_window.to_timedelta() == late_after, feed
        tags = {"agency", "classification", "cadence", "sharing"}
        assert tags <= set(node.tags), feed
        assert node.tags["agency"] == agency


def test_datasets_say_what_they_are(loaded: Loaded) -> None:
    with_feeds = 0
    for dataset, contract in all_contracts().items():
        node = loaded.node(f"accepted/{dataset.replace('.', '__')}")
        feeds = {feed for feed in FEEDS[loaded.name] if feed.split("/")[1] == dataset}
        assert {key.to_user_string() for key in node.parent_keys} == feeds
        assert set(node.owners) == {f"team:{feed.split('/')[0]}" for feed in feeds}
        assert node.group_name == dataset.split(".")[0]
        assert set(node.kinds) == {"parquet"}
        assert contract.info().title_vi in (node.description or "")
        with_feeds += bool(feeds)
    assert with_feeds == len({feed.split("/")[1] for feed in FEEDS[loaded.name]})


def test_columns_are_shown_with_their_titles_and_never_a_value(loaded: Loaded) -> None:
    shown = 0
    for feed in FEEDS[loaded.name]:
        dataset = feed.split("/")[1]
        contract = all_contracts()[dataset]
        for key in (feed, f"accepted/{dataset.replace('.', '__')}"):
            schema = loaded.node(key).metadata["dagster/column_schema"]
            assert [col.name for col in schema.columns] == list(contract.polars_schema())
            assert all(is_vietnamese(col.description) for col in schema.columns)
            personal = [col.name for col in schema.columns if "personal" in col.tags]
            assert personal == list(contract.personal_columns())
            required = {col.name for col in schema.columns if not col.constraints.nullable}
            assert required == {n for n, c in contract.columns().items() if not c.nullable}
            shown += len(schema.columns)
    assert shown > 10


def test_published_tables_are_described_in_vietnamese_and_grouped(loaded: Loaded) -> None:
    described = 0
    for key in (name.replace(".", "/") for name in published_tables()):
        node = loaded.node(key)
        assert is_vietnamese(node.description), key
        layer, name = key.split("/")
        sector = name.split("__")[0] if layer == "staging" else layer
        assert node.group_name == sector, key
        assert {"dbt", "duckdb"} <= set(node.kinds), key
        described += 1
    assert described >= 30
    snapshot = loaded.node("published/snapshot")
    assert (snapshot.group_name, set(snapshot.kinds)) == ("published", {"duckdb"})
    assert is_vietnamese(snapshot.description)
    assert snapshot.freshness_policy.fail_window.to_timedelta() >= timedelta(hours=24)


# -- checks ---------------------------------------------------------------------------------------


def test_every_feed_has_the_four_dimensions_as_checks(loaded: Loaded) -> None:
    by_feed: dict[str, set[str]] = {}
    for check in loaded.graph.asset_check_keys:
        by_feed.setdefault(check.asset_key.to_user_string(), set()).add(check.name)
    assert {key: by_feed.get(key) for key in FEEDS[loaded.name]} == {
        key: set(DIMENSIONS) for key in FEEDS[loaded.name]
    }
    for feed in FEEDS[loaded.name]:
        for dimension, word in zip(DIMENSIONS, ("Đúng", "Đủ", "Sạch", "Sống"), strict=True):
            key = dg.AssetCheckKey(dg.AssetKey(feed.split("/")), dimension)
            spec = loaded.graph.get_check_spec(key)
            assert (spec.description or "").startswith(word)
            assert not spec.blocking  # a data problem fails checks, not runs


def test_acceptance_of_the_marts_blocks_publishing(loaded: Loaded) -> None:
    marts = {key for key in loaded.asset_keys() if key.split("/")[0] in ("marts", "core")}
    checks = {
        c.asset_key.to_user_string(): c
        for c in loaded.graph.asset_check_keys
        if c.name == "acceptance"
    }
    assert {key for key in marts if "/intermediate/" not in key} == set(checks)
    for check in checks.values():
        assert loaded.graph.get_check_spec(check).blocking
    grain = [c for c in loaded.graph.asset_check_keys if c.name.startswith("unique_key")]
    assert {c.asset_key.to_user_string() for c in grain} >= {
        "marts/indicator_value",
        *(f"staging/{dataset.replace('.', '__')}" for dataset in all_contracts()),
    }


# -- lineage --------------------------------------------------------------------------------------


def downstream(graph: AssetGraph, key: str) -> set[str]:
    """Everything that is reached from an asset, walking from child to child."""
    found: set[dg.AssetKey] = set()
    waiting = [dg.AssetKey(key.split("/"))]
    while waiting:
        for child in graph.get(waiting.pop()).child_keys:
            if child not in found:
                found.add(child)
                waiting.append(child)
    return {key.to_user_string() for key in found}


def test_every_feed_leads_to_what_is_made_of_it_and_to_what_is_published(loaded: Loaded) -> None:
    indicators = {"marts/indicator_value", "marts/indicator_lineage"}
    for feed in FEEDS[loaded.name]:
        dataset = feed.split("/")[1]
        sector, name = dataset.split(".")
        reached = downstream(loaded.graph, feed)
        own = {f"accepted/{sector}__{name}", f"staging/{sector}__{name}", "published/snapshot"}
        assert own <= reached, feed
        assert indicators & reached == (set() if dataset in NOT_MEASURED else indicators), feed
        assert (f"core/{name}" in reached) == (dataset in BY_PROVINCE), feed
    assert downstream(loaded.graph, "published/snapshot") == set()
    # the walk would see a missing link
    assert "marts/indicator_value" not in downstream(loaded.graph, "quality/score")


def test_what_is_published_depends_on_every_published_table(loaded: Loaded) -> None:
    parents = {k.to_user_string() for k in loaded.node("published/snapshot").parent_keys}
    assert parents == {name.replace(".", "/") for name in published_tables()}


# -- jobs and schedule ----------------------------------------------------------------------------


def selected(loaded: Loaded, job: str) -> set[str]:
    layer = loaded.definitions.resolve_job_def(job).asset_layer
    return {key.to_user_string() for key in layer.selected_asset_keys}


def agencies(feeds: Iterable[str]) -> set[str]:
    return {feed.split("/")[0] for feed in feeds}


def test_the_jobs_are_those_of_the_design(loaded: Loaded) -> None:
    names = {j.name for j in loaded.definitions.resolve_all_job_defs() if j.name[:2] != "__"}
    own = {f"refresh_{agency}" for agency in agencies(FEEDS[loaded.name])}
    others = {"publish", "tidy_up", "backup", "restore_drill", "report"}
    assert names == {"nightly_refresh", "reprocess", "collect"} | others | own
    for name in names:
        assert is_vietnamese(loaded.definitions.resolve_job_def(name).description), name


def test_each_job_selects_what_it_is_for(loaded: Loaded) -> None:
    feeds = set(FEEDS[loaded.name])
    materializable = {key.to_user_string() for key in loaded.graph.materializable_asset_keys}
    everything = selected(loaded, "nightly_refresh")
    backups = {"backup/archive", "backup/restore_drill"}
    assert everything == materializable - backups
    assert selected(loaded, "backup") | selected(loaded, "restore_drill") == backups
    assert everything == selected(loaded, "reprocess")
    assert everything == selected(loaded, "collect")
    accepted = {key for key in everything if key.startswith("accepted/")}
    assert selected(loaded, "publish") == everything - feeds - accepted
    for agency in agencies(feeds):
        others = {feed for feed in feeds if not feed.startswith(f"{agency}/")}
        assert selected(loaded, f"refresh_{agency}") == everything - others
        assert feeds - others


def test_the_schedules_are_local_time(loaded: Loaded) -> None:
    jobs = {}
    for schedule in loaded.definitions.schedules or ():
        assert isinstance(schedule, dg.ScheduleDefinition)
        assert schedule.execution_timezone == "Asia/Ho_Chi_Minh"
        assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
        jobs[schedule.job_name] = schedule.cron_schedule
    assert loaded.deployment.catalog.reports is not None
    hour, minute = map(int, loaded.deployment.catalog.reports.at.split(":"))
    assert jobs == {
        "nightly_refresh": "0 2 * * *",
        "backup": "0 4 * * *",
        "restore_drill": "0 5 * * 6",
        "tidy_up": "30 5 * * *",
        "report": f"{minute} {hour} * * *",
    }
    assert loaded.deployment.catalog.profile.nightly_at == "0 2 * * *"


def test_the_night_has_one_owner(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    (nightly,) = [s for s in loaded.definitions.schedules or () if s.name == "nightly"]
    assert isinstance(nightly, dg.ScheduleDefinition)
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 11, 30, 19, tzinfo=UTC)
    )
    (request,) = nightly.evaluate_tick(context).run_requests or ()
    assert request.tags["ioc/trigger"] == "schedule"
    monkeypatch.setenv("IOC_NIGHTLY", "timer")
    tick = nightly.evaluate_tick(context)
    assert not tick.run_requests
    assert "IOC_NIGHTLY" in (tick.skip_message or "")


def test_sensors_look_at_folders_and_rounds_by_themselves(loaded: Loaded) -> None:
    sensors = {sensor.name: sensor for sensor in loaded.definitions.sensors or ()}
    for sensor in sensors.values():
        assert isinstance(sensor, dg.SensorDefinition)
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        assert is_vietnamese(sensor.description), sensor.name
        assert sensor.minimum_interval_seconds is not None
    jobs = {name: {target.job_name for target in s.targets} for name, s in sensors.items()}  # type: ignore[union-attr]
    assert jobs == {
        "new_files": {"collect"},
        "collection_rounds": {"collect", "publish"},
        "hanging_runs": set(),
        "failed_runs": set(),
        "report_events": {"report"},
    }
    # what lands is taken within a minute: a look, the quiet time, the next look, a run
    assert sensors["new_files"].minimum_interval_seconds <= 15  # type: ignore[union-attr,operator]


# -- instance, profile, command -------------------------------------------------------------------


def test_the_instance_tells_nobody_and_runs_one_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home("hung_yen", tmp_path / "var" / "hung_yen")
    with open_instance(home) as instance:
        assert Path(instance.root_directory) == home.dagster
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert instance.get_concurrency_config().run_queue_config is not None
    written = yaml.safe_load((home.dagster / "dagster.yaml").read_text())
    assert written["telemetry"] == {"enabled": False}
    assert written["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert os.environ["DAGSTER_HOME"] == str(home.dagster)


def test_a_changed_instance_file_is_mended(tmp_path: Path) -> None:
    home = Home("hung_yen", tmp_path / "var" / "hung_yen")
    home.dagster.mkdir(parents=True)
    (home.dagster / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    with open_instance(home) as instance:
        assert not instance.telemetry_enabled


def test_an_unknown_profile_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownProfileError, match=r"'atlantis'.*hung_yen.*open_data"):
        Deployment.of("atlantis")


def test_dagster_validates_the_workspace(tmp_path: Path) -> None:
    """In a process of its own, as the UI loads it."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "IOC_HOME": str(tmp_path / "var"),
        "DAGSTER_HOME": str(tmp_path),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    dagster = Path(sys.executable).with_name("dagster")
    done = subprocess.run(
        [dagster, "definitions", "validate", "-w", "workspace.yaml"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Validation successful" in done.stdout + done.stderr
