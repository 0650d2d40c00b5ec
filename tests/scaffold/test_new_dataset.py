"""``ioc new-dataset`` on samples of every kind, in a copy of the project, and what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.http_server import as_json, serving
from tests.scaffold.project import LETTERS, Copy
from tests.scaffold.samples import aid_csv, beds_form, licences, stations
from tests.servers import postgres_database, run_postgres

RUFF = Path(sys.executable).with_name("ruff")


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


def propose(copy: Copy, dataset: str, agency: str, *arguments: str, **extra: str) -> dict[str, Any]:
    options = ("--agency", agency, *arguments, *LETTERS, "--json")
    done = copy.ioc("new-dataset", dataset, *options, **extra)
    assert done.code == 0, done.err
    answer: dict[str, Any] = done.json()
    return answer


@pytest.fixture(scope="module")
def form(copy: Copy) -> Made:
    path = copy.drop / "so_y_te" / "giuong-benh" / "giuong-benh-2026-10.xlsx"
    rows = beds_form(path)
    return Made(propose(copy, "health.hospital_bed", "so_y_te", "--sample", str(path)), rows)


@pytest.fixture(scope="module")
def text(copy: Copy) -> Made:
    path = copy.drop / "so_y_te" / "bao-tro" / "bao-tro-2026-10.csv"
    rows = aid_csv(path)
    return Made(propose(copy, "social.monthly_aid", "so_y_te", "--sample", str(path)), rows)


@contextmanager
def service() -> Iterator[str]:
    answer = {"status": "ok", "data": {"items": stations(), "total": 40}}
    with serving(lambda _: as_json(answer)) as server:
        yield server.url


@pytest.fixture(scope="module")
def endpoint(copy: Copy) -> Made:
    with service() as url:
        place = ("--endpoint", "/api/tram", "--url-env", "IOC_TRAM_URL")
        answer = propose(copy, "environment.station", "so_nnmt", *place, IOC_TRAM_URL=url)
    return Made(answer, len(stations()))


def licence_url(copy: Copy) -> str:
    return f"sqlite:///{copy.root.parent / 'giay_phep.db'}"


@pytest.fixture(scope="module")
def table(copy: Copy) -> Made:
    rows = licences(copy.root.parent / "giay_phep.db")
    place = ("--table", "giay_phep", "--url-env", "IOC_GP_URL", "--watermark", "cap_nhat_luc")
    answer = propose(copy, "finance.licence", "so_tai_chinh", *place, IOC_GP_URL=licence_url(copy))
    return Made(answer, rows)


@pytest.fixture(scope="module")
def made(form: Made, text: Made, endpoint: Made, table: Made) -> dict[str, Made]:
    return {made.answer["dataset"]: made for made in (form, text, endpoint, table)}


# --- what was guessed ---------------------------------------------------------------------------


def test_of_a_form_title_unit_labels_total_and_signatures_are_found(form: Made) -> None:
    assert {
        ("layout.header_rows", "2"),
        ("layout.skip_rows", "row 7"),
        ("layout.totals", "row 8"),
        ("layout.stop_before", "row 16 to 18"),
        ("STT", "left out"),
        ("Tên xã", "left out"),
        ("period", "period 10/2026"),
        ("funds_plan_vnd", "unit: triệu đồng"),
        ("key", "period, commune_code"),
    } <= form.guesses
    assert form.answer["sample"]["control_totals"] == 4
    assert form.answer["sample"]["control_totals_differ"] == []


def test_of_a_text_file_codes_persons_values_and_figures_are_found(text: Made) -> None:
    assert {
        ("dossier_code", "6 digits"),
        ("full_name", "personal"),
        ("phone", "personal"),
        ("commune_code", "a commune"),
        ("che_do", "enum: 3 values"),
        ("amount_vnd", "ge=0"),
        ("note", "nullable"),
        ("publish", "aggregate"),
        ("key", "dossier_code"),
    } <= text.guesses


def test_of_a_service_records_inner_fields_and_lists_are_found(endpoint: Made) -> None:
    assert {
        ("layout", "records at data.items"),
        ("connector", "one answer is all"),
        ("anh", "left out"),
        ("muc_nuoc", "nullable"),
        ("status", "enum: 2 values"),
        ("key", "ma_tram"),
    } <= endpoint.guesses


def test_of_a_table_the_key_and_the_owner_are_found(table: Made) -> None:
    assert {("key", "so_giay_phep"), ("chu_so_huu", "personal")} <= table.guesses


# --- what was written ---------------------------------------------------------------------------


def test_every_row_of_each_sample_is_accepted(made: dict[str, Made]) -> None:
    found = {
        dataset: (made.answer["sample"]["rows_received"], made.answer["sample"]["rows_accepted"])
        for dataset, made in made.items()
    }
    assert found == {dataset: (made.rows, made.rows) for dataset, made in made.items()}


@pytest.mark.parametrize(
    ("feed", "rows"),
    [
        ("so_y_te/health.hospital_bed", 6),
        ("so_y_te/social.monthly_aid", 24),
        ("so_nnmt/environment.station", 12),
        ("so_tai_chinh/finance.licence", 20),
    ],
)
def test_the_feed_reads_its_source(copy: Copy, made: dict[str, Made], feed: str, rows: int) -> None:
    with service() as url:
        environment = {"IOC_TRAM_URL": url, "IOC_GP_URL": licence_url(copy)}
        for path in copy.drop.rglob("*.*"):
            os.utime(path, (1e9, 1e9))  # nobody is writing to it any more
        found = copy.ioc("feed", "try", feed, "--json", **environment).json()
    assert (found["rows_received"], found["rows_accepted"]) == (rows, rows)


def test_contracts_and_cases_hold_without_any_other_change(
    copy: Copy, made: dict[str, Made]
) -> None:
    chosen = "mirrors or every or many or " + " or ".join(d.split(".")[1] for d in made)
    done = copy.python("-m", "pytest", "tests/contracts/test_rules_bite.py", "-k", chosen)
    assert done.code == 0, done.out
    assert copy.ioc("contracts", "check").code == 0


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
    done_types = copy.python("-m", "mypy", "contracts", "--cache-dir", str(copy.root / ".mypy"))
    assert done_types.code == 0, done_types.out


def test_a_form_of_eight_columns_is_three_files_and_sixty_lines(copy: Copy) -> None:
    """Lines that say something, comments of guesses among them; beside it stands one case file.

    With letters, title, unit, labels, total and signatures; a group header takes a line more.
    """
    path = copy.drop / "so_y_te" / "mot-dong" / "giuong-benh-2026-10.xlsx"
    beds_form(path, two_rows=False)
    answer = propose(copy, "health.bed_short", "so_y_te", "--sample", str(path))
    assert len(answer["files"]) == 3
    assert sum(answer["files"].values()) <= 60
    assert list(answer["beside"]) == ["tests/contracts/health/bed_short.py"]
    counted = 0
    for name in ("contracts/health/bed_short.py", *answer["beside"]):
        lines = (copy.root / name).read_text(encoding="utf-8").splitlines()
        said = sum(bool(line.strip()) for line in lines)
        assert said == {**answer["files"], **answer["beside"]}[name]
        counted += said
    assert counted > 40


def test_the_agency_s_file_only_grows(copy: Copy, made: dict[str, Made]) -> None:
    from ioc_pipelines.home import SOURCES

    for agency in ("so_y_te", "so_nnmt", "so_tai_chinh"):
        before = (SOURCES / "hung_yen" / f"{agency}.yaml").read_text(encoding="utf-8")
        after = (copy.root / "sources" / "hung_yen" / f"{agency}.yaml").read_text(encoding="utf-8")
        assert after.startswith(before)
        assert after != before


def test_a_postgresql_table_keeps_its_types(tmp_path: Path) -> None:
    copy = Copy.below(tmp_path)
    with postgres_database() as url:
        run_postgres(
            url,
            "create table bien_dong (ma_thua text, ma_xa text, dien_tich numeric(12, 2),"
            " gia_tri numeric(15, 2), ngay date, cap_nhat_luc timestamp)",
            "insert into bien_dong select 'T' || n, '11953', n + 0.25, n * 1000,"
            " date '2026-10-01' + n, timestamp '2026-10-01 08:00' + n * interval '1 hour'"
            " from generate_series(1, 30) n",
        )
        place = ("--table", "public.bien_dong", "--url-env", "IOC_DB_URL")
        answer = propose(copy, "land.change", "so_nnmt", *place, IOC_DB_URL=url)
    assert answer["sample"]["rows_accepted"] == 30
    text = (copy.root / "contracts" / "land" / "change.py").read_text(encoding="utf-8")
    for line in ("area: float", "value: int", "day: pl.Date", 'updated_at: pl.Datetime("us")'):
        assert line in text


# --- what is not written ------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path) -> Copy:
    return Copy.below(tmp_path)


def refused(copy: Copy, code: int, said: str, *arguments: str) -> None:
    before = copy.files()
    done = copy.ioc("new-dataset", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert copy.files() == before


def test_nothing_is_overwritten_and_nothing_half_written(fresh: Copy) -> None:
    path = fresh.drop / "so_y_te" / "bao-tro.csv"
    aid_csv(path)
    sample = ("--sample", str(path))
    refused(fresh, 2, "contract already", "health.disease_weekly", "--agency", "so_y_te", *sample)
    planned = ("housing.social_housing", "--agency", "so_xay_dung")
    refused(fresh, 2, "a feed of housing.social_housing already, planned", *planned, *sample)
    refused(fresh, 2, "Write sources/hung_yen/so_la.yaml", "a.b", "--agency", "so_la", *sample)
    refused(fresh, 2, "is no dataset", "Health", "--agency", "so_y_te", *sample)
    refused(fresh, 2, "no such file", "a.b", "--agency", "so_y_te", "--sample", "nowhere.csv")
    refused(fresh, 2, "one of them", "a.b", "--agency", "so_y_te")
    refused(fresh, 2, "number and date", "a.b", "--agency", "so_y_te", *sample,
            "--request-letter", "31/VP-IOC")  # fmt: skip
    prose = fresh.drop / "thu.txt"
    prose.write_text("Kính gửi Sở Y tế\n\nĐề nghị báo cáo.\n", encoding="utf-8")
    refused(fresh, 1, "no table was found", "a.b", "--agency", "so_y_te", "--sample", str(prose))
    model = fresh.root / "dbt_project" / "models" / "staging" / "a__b.sql"
    model.write_text("select 1", encoding="utf-8")
    refused(
        fresh, 2, "there already, nothing is overwritten", "a.b", "--agency", "so_y_te", *sample
    )


def test_without_both_letters_the_feed_is_planned(fresh: Copy) -> None:
    path = fresh.drop / "so_y_te" / "bao-tro.csv"
    aid_csv(path)
    asked = ("social.aid", "--agency", "so_y_te", "--sample", str(path), *LETTERS[:2])
    done = fresh.ioc("new-dataset", *asked)
    assert done.code == 0, done.err
    assert "PLANNED, not active" in done.out
    feeds = {f["feed"]: f["status"] for f in json.loads(fresh.ioc("status", "--json").out)["feeds"]}
    assert feeds["so_y_te/social.aid"] == "planned"


@pytest.mark.e2e
def test_the_next_refresh_loads_it(fresh: Copy) -> None:
    path = fresh.drop / "so_y_te" / "giuong-benh" / "giuong-benh-2026-10.xlsx"
    rows = beds_form(path)
    os.utime(path, (1e9, 1e9))
    propose(fresh, "health.hospital_bed", "so_y_te", "--sample", str(path))
    done = fresh.ioc("refresh", "--dataset", "health.hospital_bed", timeout=600)
    assert done.code == 0, done.out + done.err
    published = fresh.root.parent / "var" / "hung_yen" / "published" / "ioc.duckdb"
    with duckdb.connect(str(published), read_only=True) as connection:
        found = connection.execute(
            "select count(*), min(period), max(beds), sum(funds_plan_vnd)"
            " from staging.health__hospital_bed"
        ).fetchall()
    assert found == [(rows, "2026-10", 125, 7_518_000_000)]
