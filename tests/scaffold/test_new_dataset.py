"""``ioc new-dataset`` on samples of every kind, in a copy of the project, and what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from contracts.base import Contract
from ioc_pipelines import cli_new_dataset
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.cli import app
from ioc_pipelines.home import PROJECT
from ioc_pipelines.scaffold.sample import of_table
from tests.http_server import as_json, serving
from tests.scaffold.project import LETTERS, Copy
from tests.scaffold.proposals import proposed, proposed_of
from tests.scaffold.samples import aid_csv, beds_form, licences, stations
from tests.servers import postgres_database, run_postgres

RUFF = Path(sys.executable).with_name("ruff")

# deliver one feed, build its staging model, and say what stands there
_STAGED = """
import json, sys
from datetime import UTC, datetime
import duckdb
from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.orchestration.delivery import deliver
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.warehouse import dbt_build
from ioc_pipelines.warehouse.build import start_build
deployment, now = Deployment.of("hung_yen"), datetime.now(UTC)
entry = {one.id: one for one in deployment.catalog.entries}[sys.argv[1]]
report = deliver(deployment, entry, "run", Window(), now)
assert report.outcome == "accepted", report
deployment.rows.prepare(deployment.catalog.contracts.values())
start_build(deployment.home, deployment.ledger, deployment.catalog, now.date())
model = entry.feed.dataset.replace(".", "__")
dbt_build._selected = lambda _: ["--select", model]
facts = dict.fromkeys(("IOC_SNAPSHOT_ID", "IOC_RUN_ID", "IOC_BUILT_AT", "IOC_DBT_HASH"), "x")
assert not [r for r in dbt_build.dbt_build(deployment.home, facts) if r.failed]
with duckdb.connect(str(deployment.home.build / "ioc.duckdb"), read_only=True) as connection:
    found = connection.execute(
        "select count(*), min(period), max(beds), sum(funds_plan_vnd) from staging." + model
    )
    print(json.dumps(found.fetchall()))
"""


@dataclass(frozen=True)
class Made:
    """A dataset that was proposed: the command's answer and how many rows the sample had."""

    answer: dict[str, Any]
    rows: int

    @property
    def guesses(self) -> set[tuple[str, str]]:
        return {(guess["column"], guess["what"]) for guess in self.answer["guesses"]}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy.below(tmp_path_factory.mktemp("copy"))


def new(dataset: str, agency: str, *place: str) -> tuple[str, ...]:
    return ("new-dataset", dataset, "--agency", agency, *place, *LETTERS, "--json")


@pytest.fixture(scope="module")
def runs(copy: Copy) -> list[tuple[Made, dict[str, Any]]]:
    """Four datasets: what the command answered, and how a try of the feed fared after it."""
    folder = copy.drop / "so_y_te"
    form = folder / "giuong-benh" / "giuong-benh-2026-10.xlsx"
    text = folder / "bao-tro" / "bao-tro-2026-10.csv"
    database = copy.root.parent / "giay_phep.db"
    rows = [beds_form(form), aid_csv(text), len(stations()), licences(database)]
    for path in (form, text):
        os.utime(path, (1e9, 1e9))  # nobody is writing to it any more
    station = ("--endpoint", "/api/tram", "--url-env", "IOC_TRAM_URL")
    licence = ("--table", "giay_phep", "--url-env", "IOC_GP_URL", "--watermark", "cap_nhat_luc")
    asked = [
        new("health.hospital_bed", "so_y_te", "--sample", str(form)),
        new("social.monthly_aid", "so_y_te", "--sample", str(text)),
        new("environment.station", "so_nnmt", *station),
        new("finance.licence", "so_tai_chinh", *licence),
    ]
    tries = [("feed", "try", f"{one[3]}/{one[1]}", "--json") for one in asked]
    answer = {"status": "ok", "data": {"items": stations(), "total": 40}}
    with serving(lambda _: as_json(answer)) as server:
        addresses = {"IOC_TRAM_URL": server.url, "IOC_GP_URL": f"sqlite:///{database}"}
        *done, checked = copy.ioc_each(*asked, *tries, ("contracts", "check"), **addresses)
    assert [one.err for one in done if one.code] == []
    assert checked.code == 0, "what is generated is fresh"
    answers = [one.json() for one in done]
    made = [Made(answer, count) for answer, count in zip(answers[:4], rows, strict=True)]
    return list(zip(made, answers[4:], strict=True))


@pytest.fixture(scope="module")
def made(runs: list[tuple[Made, dict[str, Any]]]) -> dict[str, Made]:
    return {one.answer["dataset"]: one for one, _ in runs}


@pytest.fixture(scope="module")
def form(made: dict[str, Made]) -> Made:
    return made["health.hospital_bed"]


# --- what was guessed ---------------------------------------------------------------------------


def test_of_a_form_title_unit_labels_total_and_signatures_are_found(form: Made) -> None:
    assert {
        ("layout.header_rows", "2"),
        ("layout.skip_rows", "row 7"),
        ("layout.totals", "row 8"),
        ("layout.stop_before", "row 16 to 18"),
        ("STT", "left out"),
        ("Tên xã", "left out"),
        ("period", "period 2026-10"),
        ("funds_plan_vnd", "unit: triệu đồng"),
        ("key", "period, commune_code"),
    } <= form.guesses
    assert form.answer["sample"]["control_totals"] == 4
    assert form.answer["sample"]["control_totals_differ"] == []


def test_of_a_text_file_codes_persons_values_and_figures_are_found(made: dict[str, Made]) -> None:
    assert {
        ("dossier_code", "6 digits"),
        ("full_name", "personal"),
        ("phone", "personal"),
        ("commune_code", "a commune"),
        ("che_do", "enum: 3 values"),
        ("amount_vnd", "ge=0"),
        ("note", "nullable"),
        ("publish", "aggregate"),
        ("key", "period, dossier_code"),
    } <= made["social.monthly_aid"].guesses


def test_of_a_service_records_inner_fields_and_lists_are_found(made: dict[str, Made]) -> None:
    assert {
        ("layout", "records at data.items"),
        ("connector", "one answer is all"),
        ("anh", "left out"),
        ("muc_nuoc", "nullable"),
        ("status", "enum: 2 values"),
        ("key", "ma_tram"),
    } <= made["environment.station"].guesses


def test_of_a_table_the_key_and_the_owner_are_found(made: dict[str, Made]) -> None:
    table = made["finance.licence"]
    assert {("key", "so_giay_phep"), ("chu_so_huu", "personal")} <= table.guesses


# --- what was written ---------------------------------------------------------------------------


def test_every_row_of_each_sample_is_accepted(made: dict[str, Made]) -> None:
    found = {
        dataset: (made.answer["sample"]["rows_received"], made.answer["sample"]["rows_accepted"])
        for dataset, made in made.items()
    }
    assert found == {dataset: (made.rows, made.rows) for dataset, made in made.items()}


def test_each_feed_reads_its_source(runs: list[tuple[Made, dict[str, Any]]]) -> None:
    for one, tried in runs:
        assert (tried["rows_received"], tried["rows_accepted"]) == (one.rows, one.rows)


def test_contracts_and_cases_hold_without_any_other_change(
    copy: Copy, made: dict[str, Made]
) -> None:
    chosen = "mirrors or every or many or " + " or ".join(d.split(".")[1] for d in made)
    done = copy.python("-m", "pytest", "tests/contracts/test_rules_bite.py", "-k", chosen)
    assert done.code == 0, done.out


def test_the_rows_stand_in_staging(copy: Copy, made: dict[str, Made]) -> None:
    """What a refresh does with the feed, with one model of dbt's instead of all."""
    done = copy.python("-c", _STAGED, "so_y_te/health.hospital_bed")
    assert done.code == 0, done.err
    assert done.json() == [[6, "2026-10", 125, 7_518_000_000]]


def test_it_is_as_the_formatter_and_the_linter_want_it(copy: Copy, made: dict[str, Made]) -> None:
    for command in (("format", "--check"), ("check",)):
        done = subprocess.run(
            [RUFF, *command, "contracts", "tests/contracts"],
            cwd=copy.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    new = [f"contracts/{dataset.replace('.', '/')}.py" for dataset in made]
    cache = PROJECT / ".mypy_cache"  # that of `make check`: reading polars and pandera takes long
    done_types = copy.python("-m", "mypy", *new, "--cache-dir", str(cache))
    assert done_types.code == 0, done_types.out


def test_a_form_of_eight_columns_is_three_files_and_sixty_lines(tmp_path: Path) -> None:
    """Lines that say something, comments of guesses among them; beside it stands one case file.

    With letters, title, unit, labels, total and signatures; a group header takes a line more.
    """
    path = tmp_path / "so_y_te" / "mot-dong" / "giuong-benh-2026-10.xlsx"
    beds_form(path, two_rows=False)
    found = proposed(path, tmp_path, dataset="health.bed_short")
    assert len(found.looked_at) == 3
    assert sum(found.looked_at.values()) <= 60
    case = PROJECT / "tests" / "contracts" / "health" / "bed_short.py"
    assert list(found.beside) == [case]
    for path, text in found.new.items():
        said = sum(bool(line.strip()) for line in text.splitlines())
        assert said == {**found.looked_at, **found.beside}[path]


def test_the_agency_s_file_only_grows(copy: Copy, made: dict[str, Made]) -> None:
    for agency in ("so_y_te", "so_nnmt", "so_tai_chinh"):
        before = (PROJECT / "sources" / "hung_yen" / f"{agency}.yaml").read_text(encoding="utf-8")
        after = (copy.root / "sources" / "hung_yen" / f"{agency}.yaml").read_text(encoding="utf-8")
        assert after.startswith(before)
        assert after != before


def test_a_postgresql_table_keeps_its_types(tmp_path: Path) -> None:
    with postgres_database() as url:
        run_postgres(
            url,
            "create table bien_dong (ma_thua text, ma_xa text, dien_tich numeric(12, 2),"
            " gia_tri numeric(15, 2), ngay date, cap_nhat_luc timestamp)",
            "insert into bien_dong select 'T' || n, '11953', n + 0.25, n * 1000,"
            " date '2026-10-01' + n, timestamp '2026-10-01 08:00' + n * interval '1 hour'"
            " from generate_series(1, 30) n",
        )
        sample = of_table("public.bien_dong", "IOC_DB_URL", None, {"IOC_DB_URL": url}, tmp_path)
    found = proposed_of(sample, dataset="land.change", agency="so_nnmt")
    assert found.rehearsal.verdict is not None
    assert found.rehearsal.verdict.accepted.height == 30
    text = found.new[PROJECT / "contracts" / "land" / "change.py"]
    for line in ("area: float", "value: int", "day: pl.Date", 'updated_at: pl.Datetime("us")'):
        assert line in text


# --- what is not written ------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """A copy that the command writes to, run in this process."""
    copy = Copy.below(tmp_path)
    monkeypatch.setattr(cli_new_dataset, "PROJECT", copy.root)
    monkeypatch.setenv("IOC_SANDBOX", str(copy.drop))
    return copy


def new_dataset(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["new-dataset", *arguments])


def test_nothing_is_overwritten_and_nothing_half_written(fresh: Copy) -> None:
    path = fresh.drop / "so_y_te" / "bao-tro.csv"
    aid_csv(path)
    prose = fresh.drop / "thu.txt"
    prose.write_text("Kính gửi Sở Y tế\n\nĐề nghị báo cáo.\n", encoding="utf-8")
    model = fresh.root / "dbt_project" / "models" / "staging" / "a__b.sql"
    model.write_text("select 1", encoding="utf-8")
    before = fresh.files()

    def refused(code: int, said: str, *arguments: str) -> None:
        done = new_dataset(*arguments)
        assert (done.exit_code, done.stdout) == (code, ""), done.stderr
        assert said in done.stderr

    sample = ("--sample", str(path))
    mine = ("--agency", "so_y_te")
    refused(2, "contract already", "health.disease_weekly", *mine, *sample)
    planned = ("land.parcel", "--agency", "so_nnmt")
    refused(2, "a feed of land.parcel already, planned", *planned, *sample)
    refused(2, "Write sources/hung_yen/so_la.yaml", "a.b", "--agency", "so_la", *sample)
    refused(2, "is no dataset", "Health", *mine, *sample)
    refused(2, "no such file", "a.b", *mine, "--sample", "nowhere.csv")
    refused(2, "one of them", "a.b", *mine)
    refused(2, "number and date", "a.b", *mine, *sample, "--request-letter", "31/VP-IOC")
    refused(1, "no table was found", "a.b", *mine, "--sample", str(prose))
    refused(2, "there already, nothing is overwritten", "a.b", *mine, *sample)
    assert fresh.files() == before


def test_without_both_letters_the_feed_is_planned(fresh: Copy) -> None:
    path = fresh.drop / "so_y_te" / "bao-tro.csv"
    aid_csv(path)
    asked = ("social.aid", "--agency", "so_y_te", "--sample", str(path), *LETTERS[:2])
    done = new_dataset(*asked)
    assert done.exit_code == 0, done.stderr
    assert "PLANNED, not active" in done.stdout
    sources = fresh.root / "sources" / "hung_yen"
    catalog = load_catalog(sources, {**all_contracts(), "social.aid": Contract})
    states = {entry.id: entry.feed.status.state for entry in catalog.entries}
    assert states["so_y_te/social.aid"] == "planned"
