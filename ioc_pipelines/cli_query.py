"""``ioc query``: the published file, opened read-only with its macros, for one question or many."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ioc_pipelines.cli_support import Profile, deployment_of, progress, stop
from ioc_pipelines.home import PUBLISHED_FILE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SHELL_HELP = """\
End a question with ';'. \\d lists the tables, \\d marts.indicator_value its columns, \\q ends."""
_TABLES = """
select schema_name || '.' || table_name as "table", estimated_size as "rows"
from duckdb_tables() order by all"""
_COLUMNS = """
select column_name, lower(data_type) as data_type from duckdb_columns()
where schema_name || '.' || table_name = $table order by column_index"""
_ROWS_AT_ONCE = 10_000


def query(
    sql: Annotated[
        str | None, typer.Argument(help="One question in SQL; without it a shell opens")
    ] = None,
    profile: Profile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Rows as a JSON list")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Rows as CSV, with a heading")] = False,
) -> None:
    """Ask the published file in SQL. It is opened read-only, at any moment, also in a refresh."""
    if as_json and as_csv:
        stop("--json or --csv, not both", code=2)
    import duckdb

    file = deployment_of(profile).home.published / PUBLISHED_FILE
    if not file.exists():
        stop(f"nothing is published yet at {file}; run `ioc refresh`", code=1)
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        if sql is None and sys.stdin.isatty():
            _shell(connection, file)
            return
        try:
            _answer(connection, sql or sys.stdin.read(), as_json=as_json, as_csv=as_csv)
        except duckdb.Error as error:
            stop(str(error), code=1)
        except BrokenPipeError:  # whoever reads has seen enough
            sys.stderr.close()


def _answer(connection: DuckDBPyConnection, sql: str, *, as_json: bool, as_csv: bool) -> None:
    if not sql.strip(" \n;"):
        stop("no question: give it as an argument, or on stdin", code=2)
    if not as_json and not as_csv:
        _show(connection, sql)
        return
    answer = connection.execute(sql)
    names = [name for name, *_ in answer.description or ()]
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(["" if v is None else v for v in row] for row in _rows(answer))
        return
    before = "["
    for row in _rows(answer):
        told = {name: _plain(value) for name, value in zip(names, row, strict=True)}
        typer.echo(f"{before}\n{json.dumps(told, ensure_ascii=False, default=str)}", nl=False)
        before = ","
    typer.echo("[]" if before == "[" else "\n]")


def _rows(answer: DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := answer.fetchmany(_ROWS_AT_ONCE):
        yield from rows


def _plain(value: Any) -> Any:
    """JSON has no number that is none, and no decimals of its own."""
    if isinstance(value, Decimal):
        return float(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _show(connection: DuckDBPyConnection, sql: str) -> None:
    found = connection.sql(sql)
    if found is not None:
        found.show(max_rows=200)


def _shell(connection: DuckDBPyConnection, file: Path) -> None:
    """Questions of several lines, with the history of the terminal, until \\q or Ctrl-D."""
    import duckdb

    progress(f"{file.resolve().parent.name}, read-only. {_SHELL_HELP}")
    asked = ""
    while True:
        try:
            asked += _line("...> " if asked else "ioc> ")
            if asked.lstrip().startswith("\\"):
                if not _command(connection, asked.strip()):
                    return
                asked = ""
            elif asked.rstrip().endswith(";"):
                _show(connection, asked)
                asked = ""
        except EOFError:
            return
        except KeyboardInterrupt:
            typer.echo(err=True)
            asked = ""
        except duckdb.Error as error:
            typer.echo(str(error), err=True)
            asked = ""


def _line(prompt: str) -> str:
    # gives input() its history; where Python was built without it, lines are plain
    with suppress(ImportError):
        import readline  # noqa: F401
    return input(prompt) + "\n"


def _command(connection: DuckDBPyConnection, asked: str) -> bool:
    """Whether the shell goes on."""
    name, _, table = asked.partition(" ")
    if name in ("\\q", "\\quit"):
        return False
    if name != "\\d":
        typer.echo(_SHELL_HELP, err=True)
    elif table:
        connection.sql(_COLUMNS, params={"table": table.strip()}).show(max_rows=200)
    else:
        connection.sql(_TABLES).show(max_rows=200)
    return True
