"""The same nightly with dlt (Arrow), Great Expectations and dbt on DuckDB.

Each as its documentation recommends: dlt yields Arrow record batches, which it writes as Parquet
and DuckDB copies in; Great Expectations judges a pandas frame in one checkpoint that returns the
index of every row that fails (`result_format: COMPLETE`), as nothing else it does tells rows apart;
what is refused is set aside with its reasons; dbt builds staging and mart and runs their tests.

    python dlt_gx_dbt.py FEED.parquet FOLDER COMMUNES.txt
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

NAMES = (
    "code", "commune_code", "kind", "name", "channel", "fee_vnd",
    "pages", "area_m2", "share", "received_on", "finished_on", "note",
)  # fmt: skip
MAY_BE_EMPTY = ("share", "finished_on", "note")
PROJECT = Path(__file__).with_name("dbt")


def main(feed: Path, folder: Path, communes: Path) -> None:
    """Load, check, split, build."""
    os.environ.update(
        DLT_DATA_DIR=str(folder / "dlt"),
        RUNTIME__DLTHUB_TELEMETRY="false",
        DO_NOT_TRACK="1",
        GX_ANALYTICS_ENABLED="false",
    )
    database = folder / "warehouse.duckdb"
    load(feed, folder, database)
    reasons = check(database, communes.read_text(encoding="utf-8").split())
    split(database, reasons)
    build(database, folder)


def load(feed: Path, folder: Path, database: Path) -> None:
    """dlt: Arrow in, Parquet files to DuckDB."""
    import dlt
    import pyarrow.parquet as pq

    @dlt.resource(name="dossier", write_disposition="replace")
    def dossiers() -> Iterator[Any]:
        for batch in pq.ParquetFile(feed).iter_batches(batch_size=250_000):
            yield batch.rename_columns(list(NAMES))

    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="raw",
    )
    pipeline.run(dossiers(), loader_file_format="parquet")


def check(database: Path, communes: list[str]) -> Any:
    """Great Expectations: which rows break which rule, as ``position, rule``."""
    import duckdb
    import great_expectations as gx
    import great_expectations.expectations as gxe
    import pandas as pd
    from great_expectations.data_context.types.base import ProgressBarsConfig

    with duckdb.connect(str(database)) as connection:
        frame = connection.execute(
            f"select rowid as position, {', '.join(NAMES)} from raw.dossier order by rowid"
        ).df()
    # rows that say the same are one row to every peer; pandas marks the first as the one
    frame = frame[~frame.duplicated(subset=list(NAMES))].reset_index(drop=True)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("bench").add_dataframe_asset("dossier")
    whole = asset.add_batch_definition_whole_dataframe("all")
    today = pd.Timestamp(date.today())  # noqa: DTZ011
    oldest = today - timedelta(days=2_000)
    suite = context.suites.add(gx.ExpectationSuite("dossier"))
    for one in (
        *(
            gxe.ExpectColumnValuesToNotBeNull(column=name)
            for name in NAMES
            if name not in MAY_BE_EMPTY
        ),
        *(
            gxe.ExpectColumnValuesToNotMatchRegex(
                column=name, regex="[\ufffd\u0080-\u009f\ue000-\uf8ff]"
            )
            for name in ("code", "commune_code", "kind", "name", "channel", "note")
        ),
        gxe.ExpectColumnValuesToMatchRegex(column="code", regex=r"^H\d{9}$"),
        gxe.ExpectColumnValuesToBeInSet(column="commune_code", value_set=communes),
        gxe.ExpectColumnValuesToMatchRegex(column="commune_code", regex=r"^\d{5}$"),
        gxe.ExpectColumnValuesToBeInSet(column="kind", value_set=["a", "b", "c", "d"]),
        gxe.ExpectColumnValueLengthsToBeBetween(column="name", max_value=80),
        gxe.ExpectColumnValuesToBeInSet(column="channel", value_set=["online", "in_person"]),
        gxe.ExpectColumnValuesToBeBetween(column="fee_vnd", min_value=0),
        gxe.ExpectColumnValuesToBeBetween(column="pages", min_value=1, max_value=500),
        gxe.ExpectColumnValuesToBeBetween(column="area_m2", min_value=0, strict_min=True),
        gxe.ExpectColumnValuesToBeBetween(column="share", min_value=0, max_value=100),
        gxe.ExpectColumnValuesToBeBetween(column="received_on", max_value=today),
        gxe.ExpectColumnValuesToBeBetween(column="received_on", min_value=oldest),
        gxe.ExpectColumnValueLengthsToBeBetween(column="note", max_value=200),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="finished_on",
            column_B="received_on",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
        ),
        gxe.ExpectColumnValuesToBeUnique(column="code"),
    ):
        suite.add_expectation(one)
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name="dossier", data=whole, suite=suite)
    )
    found = definition.run(batch_parameters={"dataframe": frame}, result_format="COMPLETE")
    parts = [frame[[]].assign(position=frame["position"], rule=pd.NA).iloc[:0]]
    for result in found.results:
        if result.exception_info and result.exception_info.get("raised_exception"):
            msg = f"{result.expectation_config.type}: {result.exception_info}"
            raise RuntimeError(msg)
        broken = result.result.get("unexpected_index_list") or []
        if broken:
            rule = (
                f"{result.expectation_config.type} {result.expectation_config.kwargs.get('column')}"
            )
            positions = frame["position"].to_numpy()[broken]
            parts.append(pd.DataFrame({"position": positions, "rule": rule}))
    kept = frame[["position"]].assign(rule=None)
    return kept, pd.concat(parts)


def split(database: Path, judged: Any) -> None:
    """Accepted and refused rows, these with their reasons."""
    import duckdb

    kept, reasons = judged
    with duckdb.connect(str(database)) as connection:
        connection.register("kept", kept)
        connection.register("reasons", reasons)
        connection.execute("create schema if not exists checked").fetchall()
        connection.execute(
            "create or replace table checked.refused_row as "
            "select r.position, r.rule, d.* from reasons as r "
            "join raw.dossier as d on d.rowid = r.position"
        ).fetchall()
        connection.execute(
            "create or replace table checked.dossier as select d.* from raw.dossier as d "
            "where d.rowid in (select position from kept) "
            "and d.rowid not in (select position from reasons)"
        ).fetchall()


def build(database: Path, folder: Path) -> None:
    """dbt: staging, mart, tests."""
    dbt = Path(sys.executable).with_name("dbt")
    subprocess.run(  # noqa: S603
        [
            dbt, "build", "--quiet",
            "--project-dir", PROJECT, "--profiles-dir", PROJECT,
            "--target-path", folder / "target", "--log-path", folder / "logs",
        ],
        check=True,
        env={**os.environ, "BENCH_DATABASE": str(database)},
    )  # fmt: skip
    import duckdb

    with duckdb.connect(str(database), read_only=True) as reader:
        counted = (
            reader.execute(f"select count(*) from {table}").fetchall()[0][0]
            for table in ("main.stg_dossier", "checked.refused_row", "main.dossier_by_month")
        )
        print(*counted)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
