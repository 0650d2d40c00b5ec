"""What a refresh found, beside what was planted."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as postgresql
import polars as pl
import pymysql
import sqlalchemy as sa

from ioc_pipelines.sandbox.addresses import sandbox_addresses
from ioc_pipelines.sandbox.answer_key import FeedKey
from ioc_pipelines.sandbox.province import all_systems
from ioc_pipelines.sandbox.tables import Table
from tests.e2e.province import FEEDS, Province

# the feeds that are a table at their source, and that table
TABLES: dict[str, Table] = {
    system.FEED: system.TABLE for system in all_systems() if hasattr(system, "TABLE")
}
FILE_FEEDS = tuple(feed for feed in FEEDS if feed not in TABLES)
Place = tuple[Any, ...]


def planted(feed: str, key: FeedKey) -> Counter[Place]:
    """Each refused row once: its place in a file, or its key in a table, with rule and column."""
    if feed in TABLES:
        return Counter((row.key, row.rule, row.column) for row in key.refused)
    return Counter((row.file, row.sheet, row.row, row.rule, row.column) for row in key.refused)


def refused(province: Province, feed: str, batch_id: str) -> Counter[Place]:
    """What a batch's refused rows are, in the same terms.

    The business key of a table's row is read from the values as received, in the quarantine.
    """
    folder = province.home / "quarantine" / feed.split("/")[1].replace(".", "__") / batch_id
    found = pl.read_parquet(folder / "refusals.parquet")
    if feed not in TABLES:
        place = ("source_file", "sheet", "row_number", "rule", "column_name")
        return Counter(found.select(place).rows())
    received = pl.read_parquet(folder / "rows.parquet").select(
        pl.col("_file").alias("source_file"),
        pl.col("_row").alias("row_number"),
        pl.concat_str(pl.col(TABLES[feed].key).fill_null(""), separator="/").alias("key"),
    )
    assert not received.select("source_file", "row_number").is_duplicated().any()
    joined = found.join(received, on=["source_file", "row_number"], how="left")
    return Counter(joined.select("key", "rule", "column_name").rows())


def counts(told: dict[str, Any] | FeedKey) -> tuple[int, ...]:
    """Received, accepted, quarantined, duplicate."""
    facts = told if isinstance(told, dict) else told.model_dump()
    names = ("received", "accepted", "quarantined", "duplicate")
    return tuple(facts[f"rows_{name}"] for name in names)


def drop_folders(sandbox: Path) -> dict[str, str]:
    """Every file of the agencies with its hash, but for what we put back into their outboxes."""
    return {
        path.relative_to(sandbox).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(sandbox.rglob("*"))
        if path.is_file() and "phan-hoi" not in path.parts
    }


def databases(sandbox: Path) -> dict[str, tuple[int, str]]:
    """Rows and hash of each table of a database, read as an administrator would read it."""
    found = {}
    for feed, table in TABLES.items():
        variable = {"kho_bac": "IOC_KHO_BAC_URL", "thue": "IOC_THUE_URL"}.get(table.system)
        if table.system == "dat_dai":
            variable = "IOC_DAT_DAI_URL"
        if variable:
            rows = _rows(sandbox_addresses(sandbox)[variable], table.name)
            text = "\n".join(sorted(map(repr, rows)))
            found[feed] = len(rows), hashlib.sha256(text.encode()).hexdigest()
    return found


def engines(sandbox: Path) -> set[str]:
    """Which engines the sandbox's databases run on here."""
    addresses = sandbox_addresses(sandbox)
    names = ("IOC_KHO_BAC_URL", "IOC_THUE_URL", "IOC_DAT_DAI_URL")
    return {sa.make_url(addresses[name]).get_backend_name() for name in names}


def _rows(address: str, table: str) -> Iterable[Any]:
    url = sa.make_url(address)
    sql = f"select * from {table}"
    match url.get_backend_name():
        case "postgresql":
            # where a row is kept and who wrote it: a row written again is another
            sql = f"select ctid::text, xmin::text, t::text from {table} as t"
            with closing(postgresql.connect(address)) as server, server.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        case "mysql":
            with (
                closing(
                    pymysql.connect(
                        host=url.host,
                        port=url.port or 3306,
                        user=url.username,
                        password=url.password or "",
                        database=url.database,
                    )
                ) as server,
                server.cursor() as cursor,
            ):
                cursor.execute(sql)
                return list(cursor.fetchall())
        case _:
            with closing(sqlite3.connect(f"file:{url.database}?mode=ro", uri=True)) as database:
                return database.execute(sql).fetchall()
