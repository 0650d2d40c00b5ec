"""The address of a database, taken from the environment; nothing in it is ever shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ioc_pipelines.connectors.fetched import NotConfiguredError

ENGINES = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mariadb": "mariadb",
    "mysql": "mariadb",
    "sqlite": "sqlite",
}
# what a URL may ask for beyond host, port, user, password and database
_OPTIONS: dict[str, frozenset[str]] = {
    "postgresql": frozenset({"sslmode", "sslrootcert"}),
    "mariadb": frozenset({"ssl_ca"}),
}


@dataclass(frozen=True)
class Address:
    """Where a database is: the engine, the parsed URL, and the text as the environment has it."""

    engine: str
    url: sa.URL
    written: str

    @property
    def options(self) -> dict[str, str]:
        """The options of the URL, each given once."""
        return {name: str(value) for name, value in self.url.query.items()}


def address_of(variable: str, environment: Mapping[str, str]) -> Address:
    """Read the URL that ``variable`` holds.

    Raises NotConfiguredError when it is not set, is no URL, names an engine that is not
    supported, or asks for an option that is not taken; the message never holds the URL.
    """
    written = environment.get(variable)
    if not written:
        msg = f"environment variable {variable} is not set: it holds the database's URL"
        raise NotConfiguredError(msg)
    try:
        url = sa.make_url(written)
    except (sa.exc.ArgumentError, ValueError):
        msg = f"{variable} does not hold a database URL"
        raise NotConfiguredError(msg) from None
    engine = ENGINES.get(url.get_backend_name())
    if engine is None:
        msg = f"{variable}: only postgresql, mariadb, mysql and sqlite are supported"
        raise NotConfiguredError(msg)
    _require_options(variable, engine, url)
    return Address(engine, url, written)


def _require_options(variable: str, engine: str, url: sa.URL) -> None:
    if engine == "sqlite":  # what follows a question mark may be part of a path
        return
    taken = _OPTIONS[engine]
    once = all(isinstance(value, str) for value in url.query.values())
    if not taken.issuperset(url.query) or not once:
        msg = f"{variable}: of the URL's options only {', '.join(sorted(taken))} are taken, once"
        raise NotConfiguredError(msg)
