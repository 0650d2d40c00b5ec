"""``ioc dev``, ``ioc daemon`` and ``ioc webserver``: Dagster's own programs for a profile.

Each closes what a killed process left, writes the instance's settings and becomes Dagster's
program: signals of the machine's service manager reach it directly.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ioc_pipelines.cli_support import Profile, deployment_of, progress
from ioc_pipelines.home import PROJECT

Host = Annotated[str, typer.Option(help="It has no login: behind a web server only 127.0.0.1")]


def dev(profile: Profile = None, host: Host = "127.0.0.1", port: int = 3000) -> None:
    """Start the Dagster UI and its daemon for a profile."""
    _become(profile, "dagster", "dev", "-h", host, "-p", str(port))


def daemon(profile: Profile = None) -> None:
    """Start the daemon alone: schedules, sensors, and the runs that they start."""
    _become(profile, "dagster-daemon", "run")


def webserver(
    profile: Profile = None,
    host: Host = "127.0.0.1",
    port: int = 3000,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="For readers: nothing can be started or switched")
    ] = False,
) -> None:
    """Start the Dagster UI alone."""
    options = ["--read-only"] if read_only else []
    _become(profile, "dagster-webserver", "-h", host, "-p", str(port), *options)


def _become(profile: str | None, program: str, *arguments: str) -> NoReturn:
    from ioc_pipelines.orchestration.dbt import ensure_manifest
    from ioc_pipelines.orchestration.hanging import close_hanging_runs
    from ioc_pipelines.orchestration.instance import open_instance

    home = deployment_of(profile).home
    home.prepare()
    with open_instance(home) as instance:
        closed = close_hanging_runs(instance, home, datetime.now(UTC))
    for run_id in closed:
        progress(f"closed run {run_id}: its process is gone")
    ensure_manifest()
    path = str(Path(sys.executable).with_name(program))
    os.chdir(PROJECT)
    os.execv(path, [program, *arguments, "-w", str(PROJECT / "workspace.yaml")])  # noqa: S606
