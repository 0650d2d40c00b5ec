"""The two-feed harness: a profile of two feeds, and of the dbt project what they need.

Everything of the product is run as it is; only what there is to do is little. A folder of CSV files
with an outbox, read whole; a database table, of which only what changed is read: a row that is lost
there stays lost. The dbt project is a copy of the real one without the models that lead to other
datasets and to indicators.
"""

from __future__ import annotations

import csv
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import yaml

from ioc_pipelines.home import DBT_PROJECT, SOURCES

PROFILE = "two_feeds"
HOUSING = "so_xay_dung/housing.social_housing"
LAND = "so_nnmt/land.transaction"
DATASETS = ("housing.social_housing", "land.transaction", "reference.admin_unit")
PER_DAY = 20
_COMMUNES = ("12148", "13141", "13192")
_SEEDS = ("admin_unit", "admin_unit_three_tiers")
_MODELS = (
    "staging/housing__social_housing",
    "staging/land__transaction",
    "staging/reference__admin_unit",
    "core/dim_admin_unit",
    "marts/social_housing",
    *(f"quality/{name}" for name in ("batch", "delivery", "refused_row", "snapshot")),
)
# publishing asks for the alerts that a build found; without indicators there are none
_NO_ALERTS = """\
select * replace (cast(recorded_at as timestamptz) as recorded_at)
from {{ source("ledger", "indicator_alert_event") }}
"""
_HOUSING_COLUMNS = {
    name: {"source": name}
    for name in ("period", "project_code", "project_name", "developer", "commune_code", "status")
} | {
    name: {"source": name, "number": "plain"}
    for name in (
        *("land_area_m2", "floor_area_m2", "units_planned", "units_started"),
        *("units_finished", "units_sold", "units_let", "price_vnd_per_m2"),
    )
}
_HOUSING_COLUMNS["reported_on"] = {"source": "reported_on", "date": "%Y-%m-%d"}


@dataclass(frozen=True)
class Systems:
    """The two systems of the agencies: a folder of files and a database."""

    folder: Path
    today: date

    @property
    def addresses(self) -> dict[str, str]:
        """The environment that the feeds look for."""
        return {
            "IOC_SANDBOX": str(self.folder),
            "IOC_DAT_DAI_URL": f"sqlite:///{self.folder / 'land.db'}",
        }

    def pass_day(self, number: int) -> None:
        """What both agencies enter on a day: new rows, one of the day before put right, one bad."""
        self._homes(number)
        self._land(number)

    def _homes(self, number: int) -> None:
        drop = self.folder / "so_xay_dung"
        drop.mkdir(parents=True, exist_ok=True)
        for file, rows in (
            (f"nha-o-{number:02d}.csv", [self._home(number, i) for i in range(PER_DAY)]),
            # the first day's file comes again with one figure that has grown
            ("nha-o-00.csv", [self._home(0, i, number if i == 0 else 0) for i in range(PER_DAY)]),
        ):
            with (drop / file).open("w", encoding="utf-8", newline="") as target:
                writer = csv.DictWriter(target, list(_HOUSING_COLUMNS), delimiter=";")
                writer.writeheader()
                writer.writerows(rows)

    def _home(self, day: int, i: int, finished: int = 0) -> dict[str, object]:
        is_bad = i == PER_DAY - 1
        return {
            "period": f"{self.today.year - 1}-Q4",
            "project_code": f"NOXH-{day * PER_DAY + i:03d}",
            "project_name": f"Nhà ở {day}.{i}",
            "developer": "Công ty Xây dựng",
            "commune_code": "99999" if is_bad else _COMMUNES[i % 3],
            "status": "under_construction",
            "land_area_m2": 1000,
            "floor_area_m2": 5000,
            "units_planned": 100,
            "units_started": 60,
            "units_finished": finished,
            "units_sold": 0,
            "units_let": 0,
            "price_vnd_per_m2": 15_000_000,
            "reported_on": self.today - timedelta(days=30),
        }

    def _land(self, number: int) -> None:
        rows = []
        day = self.today - timedelta(days=40 - number)
        changed = datetime.combine(day, time(8))
        for i in range(PER_DAY):
            area = "-1" if i == PER_DAY - 1 else str(100 + i)
            code = f"GD{day.year}-{number * PER_DAY + i:06d}"
            place = (_COMMUNES[i % 3], "tang_cho", "1", str(i + 1), area, None, f"Người {i}")
            rows.append((code, *place, str(day), str(changed + timedelta(minutes=i))))
        with closing(sqlite3.connect(self.folder / "land.db")) as database, database:
            database.execute(
                "create table if not exists bien_dong_dat (ma_giao_dich text, ma_xa text,"
                " loai text, to_ban_do text, thua_dat text, dien_tich_m2 text, gia_tri text,"
                " chu_su_dung text, ngay_dang_ky text, cap_nhat_luc text)"
            )
            database.execute(
                "update bien_dong_dat set dien_tich_m2 = ?, cap_nhat_luc = ?"
                " where ma_giao_dich like '%-' || ?",
                (str(500 + number), str(changed), f"{(number - 1) * PER_DAY:06d}"),
            )
            database.executemany(f"insert into bien_dong_dat values ({', '.join('?' * 10)})", rows)


def expected_keys(days: int, today: date) -> dict[str, set[str]]:
    """Keys of the valid rows of each table after so many days, counted apart from the product."""
    numbers = [day * PER_DAY + i for day in range(days) for i in range(PER_DAY - 1)]
    began = today - timedelta(days=40)
    return {
        "staging.housing__social_housing": {f"NOXH-{n:03d}" for n in numbers},
        "staging.land__transaction": {
            f"GD{(began + timedelta(days=n // PER_DAY)).year}-{n:06d}" for n in numbers
        },
    }


KEY_OF = {
    "staging.housing__social_housing": "project_code",
    "staging.land__transaction": "transaction_code",
}


def make_sources(folder: Path) -> Path:
    """``sources/`` with one profile: the two feeds of their agencies."""
    profile = folder / PROFILE
    facts = yaml.safe_load((SOURCES / "hung_yen" / "profile.yaml").read_text())
    for asked in ("approval", "precedence", "alert_sinks"):
        facts.pop(asked)
    _write(profile / "profile.yaml", {**facts, "code": PROFILE})
    for feed in (HOUSING, LAND):
        code, dataset = feed.split("/")
        agency = yaml.safe_load((SOURCES / "hung_yen" / f"{code}.yaml").read_text())
        (kept,) = (one for one in agency["feeds"] if one["dataset"] == dataset)
        if feed == HOUSING:
            kept["connector"] |= {"pattern": f"{code}/nha-o-*.csv", "quiet_s": 0}
            kept["layout"] = {"format": "csv", "delimiter": ";"}
            kept["columns"] = _HOUSING_COLUMNS
        else:
            kept["connector"]["overlap"] = "0d"
        _write(profile / f"{code}.yaml", {**agency, "feeds": [kept]})
    return folder


def make_dbt_project(folder: Path) -> Path:
    """The dbt project without the models that the two feeds do not lead to."""
    left_out = shutil.ignore_patterns("target", "models", "tests", "logs")
    shutil.copytree(DBT_PROJECT, folder, ignore=left_out)
    (folder / "tests").mkdir()
    for name in _MODELS:
        path = folder / "models" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DBT_PROJECT / "models" / f"{name}.sql", path)
    (folder / "models" / "quality" / "indicator_alert_event.sql").write_text(_NO_ALERTS)
    kept = {Path(name).name for name in _MODELS}
    for path in DBT_PROJECT.glob("models/*/_*.yml"):
        described = yaml.safe_load(path.read_text())
        for part in ("unit_tests", "exposures"):
            described.pop(part, None)
        if "models" in described:
            described["models"] = [m for m in described["models"] if m["name"] in kept]
        _write(folder / "models" / path.parent.name / path.name, described)
    for path in (folder / "acceptance").glob("*/*.yml"):
        if path.stem not in kept:
            path.unlink()
    project = yaml.safe_load((folder / "dbt_project.yml").read_text())
    seeds = project["seeds"]["ioc"]
    for path in (folder / "seeds").glob("*.csv"):
        seeds.setdefault(path.stem, {})["+enabled"] = path.stem in _SEEDS
    _write(folder / "dbt_project.yml", project)
    described = yaml.safe_load((folder / "seeds" / "_seeds.yml").read_text())
    described["seeds"] = [seed for seed in described["seeds"] if seed["name"] in _SEEDS]
    _write(folder / "seeds" / "_seeds.yml", described)
    return folder


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
