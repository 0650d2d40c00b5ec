"""What no published text may be: not Unicode NFC, mojibake, or an identity number.

Mojibake: DESIGN, rule 10; H22. The number of an identity card, twelve digits that begin with the
code of a province, names one person wherever it stands: DESIGN, rule 11; H28.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel

from ioc_pipelines.intake.legacy_text import MOJIBAKE

# 001 to 096 are provinces (as the code of birth registration), then century and sex, year, six
# digits; within a longer run of letters or digits, or behind a decimal sign, it is something else
IDENTITY_NUMBER = r"(^|[^0-9A-Za-z.,])0[0-9]{11}($|[^0-9A-Za-z])"

Problem = Literal["unclean", "identity_number"]
_WHAT_TO_DO: dict[Problem, str] = {
    "unclean": "text that is not Unicode NFC, or is mojibake, in {places}; mend the feed's layout "
    "or columns, then `ioc reprocess` it",
    "identity_number": "numbers of identity cards in {places}; mark the contract's column as "
    "personal, or have it publish 'aggregate', then build again",
}


class UnfitTextError(RuntimeError):
    """A table that would be published holds text that must not be."""


class UnfitColumn(BaseModel, frozen=True):
    """A column with such text, and in how many distinct values; never the values."""

    table: str
    column: str
    problem: Problem
    values: int


def unfit_text(file: Path) -> list[UnfitColumn]:
    """Every column of the warehouse file that holds text which must not be published."""
    with duckdb.connect(str(file), read_only=True) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where data_type = 'VARCHAR' order by all"
        ).fetchall()
        if not columns:
            return []
        # one query for all of them: each would compile the patterns anew
        texts = " union all ".join(
            f"select distinct {number} as number, {_quoted(column)} as said"
            f" from {_quoted(schema)}.{_quoted(table)}"
            for number, (schema, table, column) in enumerate(columns)
        )
        found = connection.execute(
            "select number,"
            " count(*) filter (nfc_normalize(said) <> said or regexp_matches(said, $mojibake)),"
            " count(*) filter (regexp_matches(said, $identity_number))"
            f" from ({texts}) group by number order by number",
            {"mojibake": MOJIBAKE, "identity_number": IDENTITY_NUMBER},
        ).fetchall()
    unfit = []
    for number, unclean, persons in found:
        schema, table, column = columns[number]
        kinds: tuple[tuple[Problem, int], ...] = (
            ("unclean", unclean),
            ("identity_number", persons),
        )
        for problem, values in kinds:
            if values:
                place = f"{schema}.{table}"
                unfit.append(
                    UnfitColumn(table=place, column=column, problem=problem, values=values)
                )
    return unfit


def require_fit_text(file: Path) -> None:
    """Raise UnfitTextError naming each table and column, and what to do."""
    found = unfit_text(file)
    said = []
    for problem, what_to_do in _WHAT_TO_DO.items():
        places = [f"{f.table}.{f.column}: {f.values}" for f in found if f.problem == problem]
        if places:
            said.append(what_to_do.format(places=", ".join(places)))
    if said:
        raise UnfitTextError("; ".join(said))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
