"""A deployment made by hand: three small contracts, feeds of every kind, sources in a folder."""

from __future__ import annotations

import csv
import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from contracts.base import VIETNAM, Contract, ContractInfo, column
from ioc_pipelines.catalog.load import Catalog, FeedEntry
from ioc_pipelines.catalog.models import Agency, Feed, Person, Profile
from ioc_pipelines.connectors.fetched import Window
from ioc_pipelines.home import Home
from ioc_pipelines.orchestration.delivery import Report, deliver
from ioc_pipelines.orchestration.deployment import Deployment

NIGHT = datetime(2026, 11, 20, 2, tzinfo=VIETNAM)
DAY = timedelta(days=1)
LATE_AFTER = timedelta(hours=26)
HEADERS = ("Mã", "Họ tên", "Số tiền", "Ngày")
NAME, PHONE = "Trịnh Thị Bí Mật", "0987654321"

Row = tuple[Any, ...]


class Claims(Contract):
    """What the three test datasets have in common; a claim is of one person."""

    code: str = column(vi="Mã", en="Code", str_matches=r"^K\d{3}$")
    name: str = column(vi="Họ tên", en="Name", personal=True)
    amount: int = column(vi="Số tiền", en="Amount", ge=0)
    paid_on: pl.Date = column(vi="Ngày", en="Paid on", max_age_days=100)


def info(mode: Any) -> ContractInfo:
    return ContractInfo(
        dataset=f"test.{mode}",
        version="1.0.0",
        title_vi="Thử",
        title_en="Test",
        grain="one row per code",
        key=("code",),
        load_mode=mode,
        publish="rows",
        basis="a test",
    )


class Appended(Claims):
    __contract__ = info("append")


class Upserted(Claims):
    __contract__ = info("upsert")


class Replaced(Claims):
    __contract__ = info("snapshot")


# rules by dimension with the columns they judge, written down apart from the code under test
RULES: Mapping[str, Sequence[tuple[str, str]]] = {
    "correct": [
        *(("correct.readable", name) for name in ("code", "name", "amount", "paid_on")),
        ("correct.min", "amount"),
        ("correct.structure", ""),
    ],
    "complete": [
        *(("complete.required", name) for name in ("code", "name", "amount", "paid_on")),
        ("complete.source_files", ""),
    ],
    "clean": [("clean.format", "code"), ("clean.key_unique", ""), ("clean.exact_duplicate", "")],
    "live": [("live.max_age", "paid_on"), ("live.on_time", ""), ("live.published", "")],
}


def expected_scores(**shares: float) -> dict[str, float]:
    """The four scores when each rule passes wholly but those named ``<rule>__<column>``."""
    scores = {}
    for dimension, rules in RULES.items():
        rates = [shares.get(f"{rule}__{name}".replace(".", "_"), 1.0) for rule, name in rules]
        scores[dimension] = 100 * sum(rates) / len(rates)
    return scores


AGENCY = {"name_vi": "Cơ quan thử", "name_en": "Test agency", "level": "provincial"}
APPROVER = Person(position="Chánh Văn phòng", unit="Văn phòng UBND tỉnh")
PROFILE = Profile(
    code="test",
    title_vi="Tỉnh thử",
    title_en="Test province",
    province_code="33",
    letters_required=False,
    legal_basis=[],
)
COLUMNS: dict[str, Any] = {
    "code": {"source": "Mã"},
    "name": {"source": "Họ tên"},
    "amount": {"source": "Số tiền"},
    "paid_on": {"source": "Ngày", "date": "%d/%m/%Y"},
}
CONTRACTS = {c.info().dataset: c for c in (Appended, Upserted, Replaced)}


def dropped(pattern: str, **more: Any) -> dict[str, Any]:
    """A connector of the drop folder that takes a file as soon as it is there."""
    return {"kind": "files", "root_env": "TEST_DROP", "pattern": pattern, "quiet_s": 0, **more}


def csv_feed(mode: str = "upsert", agency: str = "so_a", **changes: Any) -> FeedEntry:
    facts = {
        "connector": dropped(f"{agency}/*.csv"),
        "layout": {"format": "csv", "delimiter": ";"},
        "columns": COLUMNS,
        **changes,
    }
    return entry(CONTRACTS[f"test.{mode}"], agency, **facts)


def xlsx_feed(mode: str = "upsert", agency: str = "so_b", **changes: Any) -> FeedEntry:
    facts = {
        "connector": dropped(f"{agency}/*.xlsx"),
        "layout": {"format": "xlsx", "sheet": "^Biểu$"},
        "columns": COLUMNS,
        **changes,
    }
    return entry(CONTRACTS[f"test.{mode}"], agency, **facts)


def sql_feed(agency: str = "so_c", **changes: Any) -> FeedEntry:
    facts = {
        "connector": {
            "kind": "sql",
            "url_env": "TEST_URL",
            "table": "claims",
            "watermark": "changed_at",
        },
        "layout": {"format": "parquet"},
        "columns": {
            "code": {"source": "code"},
            "name": {"source": "person"},
            "amount": {"source": "amount"},
            "paid_on": {"source": "paid_on", "date": "%Y-%m-%d"},
        },
        **changes,
    }
    return entry(Upserted, agency, **facts)


def entry(contract: type[Contract], agency: str, **facts: Any) -> FeedEntry:
    person = {"position": "Trưởng phòng", "unit": "Cơ quan thử"}
    feed = Feed.model_validate(
        {
            "dataset": contract.info().dataset,
            "title_vi": "Nguồn thử",
            "status": {"state": "active", "since": "2026-11-01"},
            "classification": "internal",
            "sharing": "default",
            "cadence": "daily",
            "late_after": "26h",
            "head": person,
            "focal_point": person,
            **facts,
        }
    )
    return FeedEntry(Agency(code=agency, feeds=(feed,), **AGENCY), feed, contract)


def with_feed(known: FeedEntry, **changes: Any) -> FeedEntry:
    """The same feed, mended: changed fields are checked as the loader would."""
    facts = {**known.feed.model_dump(), **changes}
    feed = Feed.model_validate(facts)
    return replace(known, feed=feed)


def good(count: int, start: int = 1) -> list[Row]:
    """Valid rows K001, K002, … with names of nobody."""
    return [
        (f"K{n:03d}", f"Người {n}", str(n * 1000), "15/11/2026")
        for n in range(start, start + count)
    ]


def write_csv(path: Path, rows: Iterable[Row], headers: Sequence[str] | None = HEADERS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerows([headers, *rows] if headers else rows)
    return path


def write_xlsx(
    path: Path,
    rows: Iterable[Row],
    headers: Sequence[str] | None = HEADERS,
    sheet: str = "Biểu",
) -> Path:
    """A title, the header and the rows; without headers nothing but the rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate([("BÁO CÁO",), headers, *rows] if headers else rows):
            page.write_row(number, 0, row)
    return path


def write_database(path: Path, rows: Iterable[tuple[str, str, int, str, str]]) -> str:
    """``code, person, amount, paid_on, changed_at``; returns the address."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "create table if not exists claims"
            " (code text, person text, amount integer, paid_on text, changed_at text)"
        )
        database.executemany("insert into claims values (?, ?, ?, ?, ?)", rows)
    return f"sqlite:///{path}"


@dataclass(frozen=True)
class Bench:
    """A deployment with its drop folder, and what can be seen of it from outside."""

    deployment: Deployment
    drop: Path

    @classmethod
    def of(cls, folder: Path, *entries: FeedEntry) -> Bench:
        drop = folder / "drop"
        drop.mkdir(exist_ok=True)
        contracts = {e.feed.dataset: e.required_contract() for e in entries}
        catalog = Catalog(PROFILE, tuple(entries), contracts)
        return cls(Deployment(Home("test", folder / "var" / "test"), catalog), drop)

    def again(self, *entries: FeedEntry) -> Bench:
        """The same data root under another catalog."""
        catalog = replace(self.deployment.catalog, entries=tuple(entries))
        return Bench(Deployment(self.deployment.home, catalog), self.drop)

    @property
    def entry(self) -> FeedEntry:
        return self.deployment.catalog.entries[0]

    def deliver(self, now: datetime = NIGHT, feed: FeedEntry | None = None) -> Report:
        return deliver(self.deployment, feed or self.entry, "run", Window(), now)

    def acceptances(self) -> list[tuple[str, int]]:
        """Batch and delivery of what stands, in delivery order."""
        frame = self.deployment.ledger.acceptances.of(self.entry.feed.dataset)
        return frame.select("batch_id", "delivery_seq").rows()

    def current(self) -> str | None:
        return self.deployment.ledger.acceptances.current_batch(self.entry.id)

    def accepted(self, batch_id: str) -> pl.DataFrame:
        return pl.read_parquet(self._accepted() / f"{batch_id}.parquet")

    def accepted_files(self) -> dict[str, str]:
        return hashes(self._accepted())

    def quarantined(self, batch_id: str) -> pl.DataFrame:
        return self.deployment.rows.quarantine.received(self.entry.feed.dataset, batch_id)

    def refusals(self, batch_id: str) -> set[tuple[str, int, str, str | None]]:
        """``file, row, rule, column`` of what is published of a batch's refused rows."""
        dataset = self.entry.feed.dataset
        frame = self.deployment.rows.quarantine.refusals(dataset, [batch_id])
        columns = ("source_file", "row_number", "rule", "column_name")
        return set(frame.select(columns).rows())

    def landed(self) -> set[str]:
        """The contents that were kept as received, by their hash."""
        root = self.deployment.home.landing / self.entry.id / "blobs"
        return {path.name for path in root.iterdir()}

    def table(self, name: str) -> list[dict[str, Any]]:
        return self.deployment.ledger.table(name).to_dicts()

    def detail(self) -> dict[str, Any]:
        delivery = self.deployment.ledger.deliveries.last(self.entry.id)
        assert delivery is not None
        detail: dict[str, Any] = delivery["detail"]
        return detail

    def _accepted(self) -> Path:
        name = self.entry.feed.dataset.replace(".", "__")
        return self.deployment.home.accepted / name / "batches"


def hashes(folder: Path) -> dict[str, str]:
    """Every file below ``folder`` with the hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def given(report: Report) -> dict[str, float | None]:
    """The four scores of a report."""
    return {dimension: score.score for dimension, score in report.scores.items()}


def fallen(before: Report, after: Report) -> set[str]:
    """The dimensions whose score is lower than it was."""
    old, new = given(before), given(after)
    return {d for d in RULES if (new[d] if new[d] is not None else 0) < (old[d] or 0)}


def utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
