"""The nightly of one feed written by hand in DuckDB SQL, as a careful engineer would for this feed.

It lands the bytes with their hash, cleans and checks, keeps what is good, sets aside what is not
with every reason and a keyed hash of its key, builds the staging table and the mart, tests them,
and publishes a verified copy. It knows this one feed: no layouts, no contracts, no ledger, no
scores, no corrections, no re-submission, nothing to come back to after a crash.

    python by_hand.py FEED.parquet FOLDER COMMUNES.txt
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

import duckdb

SECRET = "0f" * 32
TEXTS = ("Mã hồ sơ", "Mã xã", "Loại", "Người nộp", "Kênh", "Ghi chú")
NAMES = ("code", "commune_code", "kind", "name", "channel", "note")
OTHERS = {
    "fee_vnd": ("Lệ phí", "bigint"),
    "pages": ("Số trang", "bigint"),
    "area_m2": ("Diện tích", "double"),
    "share": ("Tỷ lệ", "double"),
    "received_on": ("Ngày nhận", "date"),
    "finished_on": ("Ngày trả", "date"),
}
COLUMNS = (
    "code", "commune_code", "kind", "name", "channel", "fee_vnd",
    "pages", "area_m2", "share", "received_on", "finished_on", "note",
)  # fmt: skip
# null passes every rule but `required`; text that cannot be read is a rule of its own
RULES = {
    **{
        f"complete.required {name}": f"{name} is null"
        for name in COLUMNS
        if name not in ("share", "finished_on", "note")
    },
    **{
        f"correct.readable {name}": f"regexp_matches({name}, '[\ufffd\u0080-\u009f\ue000-\uf8ff]')"
        for name in NAMES
    },
    "clean.format code": r"not regexp_full_match(code, 'H\d{9}')",
    "correct.reference commune_code": "commune_code not in (select code from commune)",
    "clean.format commune_code": r"not regexp_full_match(commune_code, '\d{5}')",
    "correct.enum kind": "kind not in ('a', 'b', 'c', 'd')",
    "clean.length name": "length(name) > 80",
    "correct.enum channel": "channel not in ('online', 'in_person')",
    "correct.min fee_vnd": "fee_vnd < 0",
    "correct.range pages": "pages not between 1 and 500",
    "correct.min area_m2": "area_m2 <= 0",
    "correct.range share": "share not between 0 and 100",
    "correct.not_future received_on": "received_on > current_date",
    "live.max_age received_on": "received_on < current_date - 2000",
    "clean.length note": "length(note) > 200",
    "correct.finished_after_received": "finished_on < received_on",
    "clean.key_unique": "code in (select code from twice)",
}
HASHED = f"left(sha256('{SECRET}' || sha256('{SECRET}' || coalesce(code, ''))), 32)"


def main(feed: Path, folder: Path, communes: Path) -> None:
    """Land, check, build, publish."""
    landed, batch = land(feed, folder / "landing")
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(folder / "work.duckdb")) as work:
        work.execute(f"set temp_directory = '{folder / 'tmp'}'").fetchall()
        work.execute("set preserve_insertion_order = false").fetchall()
        work.execute(
            f"create table commune as select column0 as code "
            f"from read_csv('{communes}', header = false, all_varchar = true)"
        ).fetchall()
        conform(work, landed)
        judge(work)
        keep(work, batch, folder)
    built = build(folder)
    publish(built, folder)


def land(feed: Path, folder: Path) -> tuple[Path, str]:
    """The bytes as received, by their hash."""
    folder.mkdir(parents=True)
    part = folder / "part"
    shutil.copyfile(feed, part)
    with part.open("rb+") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    part.chmod(0o440)
    return part.rename(folder / digest), digest[:16]


def conform(work: duckdb.DuckDBPyConnection, landed: Path) -> None:
    """Texts in NFC with single spaces, everything in its type, with its row number."""
    texts = ", ".join(
        _spaced(f'nfc_normalize("{source}")') + f" as {name}"
        for source, name in zip(TEXTS, NAMES, strict=True)
    )
    others = ", ".join(
        f'cast("{source}" as {kind}) as {name}' for name, (source, kind) in OTHERS.items()
    )
    work.execute(
        f"create table conformed as select file_row_number + 1 as _row, {texts}, {others} "
        f"from read_parquet('{landed}', file_row_number = true)"
    ).fetchall()


def _spaced(text: str) -> str:
    """One space between words; the pattern only where two stand, as it costs."""
    single = f"regexp_replace({text}, ' +', ' ', 'g')"
    return f"nullif(trim(case when contains({text}, '  ') then {single} else {text} end), '')"


def judge(work: duckdb.DuckDBPyConnection) -> None:
    """Exact duplicates apart, then every reason of every row."""
    columns = ", ".join(COLUMNS)
    work.execute(
        "create table shared as select code from conformed group by code having count(*) > 1"
    ).fetchall()
    work.execute(
        f"create table duplicate as select _row from conformed "
        f"where code in (select code from shared) "
        f"qualify row_number() over (partition by {columns} order by _row) > 1"
    ).fetchall()
    work.execute(
        "create table twice as select code from conformed "
        "where code in (select code from shared) "
        "and _row not in (select _row from duplicate) group by code having count(*) > 1"
    ).fetchall()
    reasons = ", ".join(f"case when {broken} then '{rule}' end" for rule, broken in RULES.items())
    work.execute(
        f"create table judged as select *, list_filter([{reasons}], lambda r: r is not null) "
        "as reasons from conformed where _row not in (select _row from duplicate)"
    ).fetchall()


def keep(work: duckdb.DuckDBPyConnection, batch: str, folder: Path) -> None:
    """Accepted rows, refused rows, and of these the reasons; none may be lost on the way."""
    good, columns = "len(reasons) = 0", ", ".join(COLUMNS)
    for name, rows in (
        (
            "accepted",
            f"select '{batch}' as _batch_id, {HASHED} as _key_hash, _row, {columns} "
            f"from judged where {good}",
        ),
        ("quarantine", f"select _row, {columns} from judged where not {good}"),
        (
            "refusals",
            f"select '{batch}' as batch_id, _row, {HASHED} as key_hash, unnest(reasons) as rule "
            f"from judged where not {good}",
        ),
    ):
        part = folder / f"{name}.part"
        work.execute(f"copy ({rows}) to '{part}' (format parquet, compression zstd)").fetchall()
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(folder / f"{name}.parquet")
    counted = work.execute(
        "select (select count(*) from conformed), (select count(*) from duplicate), "
        f"(select count(*) filter ({good}) from judged), "
        f"(select count(*) filter (not {good}) from judged)"
    ).fetchall()[0]
    if counted[0] != sum(counted[1:]):
        msg = f"rows vanished: {counted}"
        raise AssertionError(msg)


def build(folder: Path) -> Path:
    """Staging without the personal column, the mart, and their tests."""
    path = folder / "built.duckdb"
    shown = ", ".join(name for name in COLUMNS if name != "name")
    with duckdb.connect(config={"storage_compatibility_version": "v1.5.0"}) as build:
        build.execute(f"set temp_directory = '{folder / 'tmp'}'").fetchall()
        build.execute(f"attach '{path}' as ioc (storage_version 'v1.5.0')").fetchall()
        build.execute("use ioc").fetchall()
        build.execute(
            f"create table dossier as select {shown}, _batch_id, _row "
            f"from read_parquet('{folder / 'accepted.parquet'}') "
            "qualify row_number() over (partition by code order by _row) = 1"
        ).fetchall()
        build.execute(
            "create table dossier_by_month as select commune_code, "
            "cast(date_trunc('month', received_on) as date) as month, count(*) as dossiers, "
            "cast(sum(fee_vnd) as bigint) as fee_vnd, count(finished_on) as finished, "
            "avg(area_m2) as mean_area_m2 from dossier group by all"
        ).fetchall()
        build.execute(
            f"create table refused_row as select * from read_parquet("
            f"'{folder / 'refusals.parquet'}')"
        ).fetchall()
        wrong = build.execute(
            "select (select count(*) - count(distinct code) from dossier), "
            "(select count(*) - count(distinct (commune_code, month)) from dossier_by_month)"
        ).fetchall()[0]
        if any(wrong):
            msg = f"keys are not unique: {wrong}"
            raise AssertionError(msg)
    return path


def publish(built: Path, folder: Path) -> None:
    """A copy, synced and compared, under the name that readers open."""
    part = folder / "published.part"
    shutil.copyfile(built, part)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    with built.open("rb") as one, part.open("rb") as other:
        if (
            hashlib.file_digest(one, "sha256").digest()
            != hashlib.file_digest(other, "sha256").digest()
        ):
            msg = "the copy is not what was built"
            raise AssertionError(msg)
    target = part.rename(folder / "snapshot.duckdb")
    link = folder / "ioc.duckdb.part"
    link.symlink_to(target)
    link.rename(folder / "ioc.duckdb")
    with duckdb.connect(str(target), read_only=True) as reader:
        print(
            *(
                reader.execute(f"select count(*) from {t}").fetchall()[0][0]
                for t in ("dossier", "refused_row", "dossier_by_month")
            )
        )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
