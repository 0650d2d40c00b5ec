"""The Dagster instance of a profile, kept below its data root."""

from __future__ import annotations

import os

import dagster as dg
import sqlalchemy as sa

from ioc_pipelines.durable import write_durably
from ioc_pipelines.home import Home
from ioc_pipelines.ledger.open import make_schema

# telemetry and the sign-up prompt are off; one run at a time, because there is one writer
_DAGSTER_YAML = """\
# Written by the `ioc` command.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      started: 2
      skipped: 2
      success: 30
      failure: 30
"""
# only the name of the variable stands in the file, never the address
_DAGSTER_URL = "IOC_DAGSTER_URL"
_ON_POSTGRESQL = f"""\
storage:
  postgres:
    postgres_url:
      env: {_DAGSTER_URL}
"""


def prepare_instance(home: Home) -> None:
    """Write ``dagster.yaml`` and point this process and its children to it."""
    path = home.dagster / "dagster.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = _DAGSTER_YAML
    if url := home.dagster_url:
        settings += _ON_POSTGRESQL
        os.environ[_DAGSTER_URL] = url
        engine = sa.create_engine(url)
        make_schema(engine)
        engine.dispose()
    if not path.exists() or path.read_text() != settings:
        write_durably(path, settings.encode())
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ["IOC_PROFILE"] = home.profile
    os.environ["IOC_HOME"] = str(home.root.parent)


def open_instance(home: Home) -> dg.DagsterInstance:
    """The instance that the UI of this profile shows."""
    prepare_instance(home)
    return dg.DagsterInstance.get()
