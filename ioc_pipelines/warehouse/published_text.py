"""No string is published that is not Unicode NFC or that is mojibake (DESIGN, rule 10; H22)."""

from __future__ import annotations

from pathlib import Path

import duckdb
from pydantic import BaseModel

from ioc_pipelines.intake.legacy_text import MOJIBAKE


class UncleanTextError(RuntimeError):
    """A table that would be published holds text that is not what its writer meant."""


class UncleanColumn(BaseModel, frozen=True):
    """A column with such text, and in how many distinct values; never the values."""

    table: str
    column: str
    values: int


def unclean_text(file: Path) -> list[UncleanColumn]:
    """Every column of the warehouse file whose text is not NFC or is mojibake."""
    with duckdb.connect(str(file), read_only=True) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where data_type = 'VARCHAR' order by all"
        ).fetchall()
        if not columns:
            return []
        # one query for all of them: each would compile the pattern anew
        texts = " union all ".join(
            f"select distinct {number} as number, {_quoted(column)} as said"
            f" from {_quoted(schema)}.{_quoted(table)}"
            for number, (schema, table, column) in enumerate(columns)
        )
        found = connection.execute(
            f"select number, count(*) from ({texts})"
            " where nfc_normalize(said) <> said or regexp_matches(said, $mojibake)"
            " group by number order by number",
            {"mojibake": MOJIBAKE},
        ).fetchall()
    unclean = [(*columns[number], count) for number, count in found]
    return [UncleanColumn(table=f"{s}.{t}", column=c, values=count) for s, t, c, count in unclean]


def require_clean_text(file: Path) -> None:
    """Raise UncleanTextError naming each table and column, and what to do."""
    found = unclean_text(file)
    if found:
        shown = ", ".join(f"{f.table}.{f.column}: {f.values}" for f in found)
        msg = (
            f"text that is not Unicode NFC, or is mojibake, in {shown}; mend the feed's layout or "
            "columns, then `ioc reprocess` it"
        )
        raise UncleanTextError(msg)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
