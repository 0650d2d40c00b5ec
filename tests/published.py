"""What stands in the text columns of a DuckDB file."""

from __future__ import annotations

from pathlib import Path

import duckdb


def columns_holding(path: Path, *values: str) -> set[str]:
    """Every column, as ``schema.table.column``, in which one of the values stands anywhere."""
    with duckdb.connect(str(path), read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns()"
            " where data_type = 'VARCHAR' and not internal and database_name = ?",
            [path.stem],
        ).fetchall()
        assert len(columns) > 40
        texts = " union all ".join(
            f"select '{schema}.{table}.{column}' as place, \"{column}\" as said"
            f" from {schema}.{table}"
            for schema, table, column in columns
        )
        holds = " or ".join("contains(said, ?)" for _ in values)
        sql = f"select distinct place from ({texts}) where {holds}"
        return {place for (place,) in connection.execute(sql, list(values)).fetchall()}
