"""Tables and views of an agency's database: PostgreSQL, MariaDB/MySQL, SQLite."""

from ioc_pipelines.connectors.sql.fetch import fetch_sql

__all__ = ["fetch_sql"]
