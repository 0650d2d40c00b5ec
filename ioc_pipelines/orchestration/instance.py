"""The Dagster instance of a profile, kept below its data root."""

from __future__ import annotations

import os

import dagster as dg

from ioc_pipelines.durable import write_durably
from ioc_pipelines.home import Home

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
"""


def prepare_instance(home: Home) -> None:
    """Write ``dagster.yaml`` and point this process and its children to it."""
    path = home.dagster / "dagster.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != _DAGSTER_YAML:
        write_durably(path, _DAGSTER_YAML.encode())
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ["IOC_PROFILE"] = home.profile
    os.environ["IOC_HOME"] = str(home.root.parent)


def open_instance(home: Home) -> dg.DagsterInstance:
    """The instance that the UI of this profile shows."""
    prepare_instance(home)
    return dg.DagsterInstance.get()
