"""The province after its first refresh: what it was given, and what the command said."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from ioc_pipelines.sandbox.addresses import sandbox_addresses
from ioc_pipelines.sandbox.answer_key import AnswerKey
from tests.e2e.answers import TABLES, databases, drop_folders
from tests.e2e.province import DOSSIER, FEEDBACK, LAND, Done, Province, local_day, served

# data ages: the sandbox stands at yesterday, so that its ages do not outgrow the contracts' limits
AS_OF = local_day(datetime.now(UTC) - timedelta(days=1))
NAME, PHONE = "Trịnh Thị Bí Mật 7391", "0987600123"
# the feeds of the first datasets; indicators are counted from all of them
PROGRESS = re.compile(r"^\d{2}:\d{2}:\d{2}  ", re.MULTILINE)


@dataclass
class First:
    """The province after its first refresh."""

    province: Province
    refresh: Done
    key: AnswerKey
    status: dict[str, dict[str, Any]]
    files: dict[str, str]
    databases: dict[str, tuple[int, str]]


@contextmanager
def first_night(base: Path) -> Iterator[First]:
    """The first refresh of a sandbox that is served until the end."""
    with served(base, AS_OF) as province:
        _plant_a_person(province)
        files, held = drop_folders(province.sandbox), databases(province.sandbox)
        done = province.ioc("refresh")
        assert done.code == 0, done.out + done.err
        yield First(province, done, province.key(), province.status(), files, held)


def _plant_a_person(province: Province) -> None:
    """A recognisable person, once in a good row and once in a refused one of three systems."""
    for feed, names in {
        DOSSIER: {"NguoiNop": NAME, "SoDienThoai": PHONE},
        FEEDBACK: {"SoDienThoai": PHONE},
    }.items():
        table = TABLES[feed]
        path = table.path(province.sandbox)
        code = pl.col(table.key[0])
        whole = pl.read_parquet(path)
        is_theirs = code.is_in(_good_and_refused(province, feed, whole[table.key[0]]))
        values = [
            pl.when(is_theirs).then(pl.lit(v)).otherwise(n).alias(n) for n, v in names.items()
        ]
        changed = whole.with_columns(values)
        assert changed.filter(pl.col("SoDienThoai") == PHONE).height == 2
        changed.write_parquet(path)
    with closing(sqlite3.connect(land_database(province))) as database, database:
        codes = [code for (code,) in database.execute("select ma_giao_dich from bien_dong_dat")]
        # a column that no feed names
        database.execute("alter table bien_dong_dat add column so_dien_thoai text")
        for code in _good_and_refused(province, LAND, codes):
            done = database.execute(
                "update bien_dong_dat set chu_su_dung = ?, so_dien_thoai = ?"
                " where ma_giao_dich = ?",
                (NAME, PHONE, code),
            )
            assert done.rowcount == 1


def _good_and_refused(province: Province, feed: str, codes: Any) -> list[str]:
    """The oldest of each, so that a later fetch has no reason to read them again."""
    planted_rows = province.key().feeds[feed].refused
    spoilt = {row.key for row in planted_rows}
    bad = next(row.key for row in planted_rows if row.rule == "correct.reference")
    return [next(code for code in codes if code not in spoilt), str(bad)]


def land_database(province: Province) -> str:
    return sandbox_addresses(province.sandbox)["IOC_DAT_DAI_URL"].removeprefix("sqlite:///")


def ledger(province: Province) -> dict[str, list[dict[str, Any]]]:
    """Whole tables of the ledger, opened for reading only."""
    found = {}
    with closing(sqlite3.connect(f"file:{province.home}/ledger.db?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        for table in ("batch", "acceptance", "delivery"):
            rows = database.execute(f"select * from {table} order by 1")
            found[table] = [dict(row) for row in rows]
    return found
