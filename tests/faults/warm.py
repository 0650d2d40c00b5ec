"""A process that has the libraries imported and forks a child for each command: starts are cheap.

A fork is safe only before a library has started threads that it needs afterwards, so nothing of the
product, and no polars, is imported here; the child does. Speaks lines of JSON: an order comes in on
stdin, what became of it goes out on stdout.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

# a pool of threads would be lost in the child
os.environ["OPENBLAS_NUM_THREADS"] = "1"
# what takes long to import and starts no thread that a fork would lose: Arrow mends its own
LIBRARIES = (
    "sqlalchemy",
    "alembic.command",
    "pydantic",
    "typer",
    "httpx",
    "paramiko",
    "pandas",
    "duckdb",
    "dagster",
    "dagster_dbt",
    "dbt.cli.main",
    "dbt.adapters.duckdb",
    "great_expectations",
)


def main() -> None:
    """Import, then serve orders until stdin ends."""
    for name in LIBRARIES:
        importlib.import_module(name)
    started = [name for name in ("polars", "ioc_pipelines") if name in sys.modules]
    if started:
        raise SystemExit(f"already imported before the fork: {started}")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _say(answers, {"ready": True})
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _in_child(order)
        _say(answers, {"pid": pid})
        _, status, used = os.wait4(pid, 0)
        cpu_s = used.ru_utime + used.ru_stime
        _say(answers, {"code": os.waitstatus_to_exitcode(status), "cpu_s": cpu_s})


def _say(answers: Any, said: dict[str, Any]) -> None:
    answers.write(json.dumps(said) + "\n")
    answers.flush()


def _in_child(order: dict[str, Any]) -> None:
    """Do what was ordered, as a process of its own; never returns."""
    code = 70
    try:
        os.setsid()
        for descriptor, path in ((1, order["out"]), (2, order["err"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["folder"])
        sys.path.insert(0, str(Path(__file__).parents[2]))
        from tests.faults import driver

        code = driver.run(order)
    except BaseException:  # noqa: BLE001  told on stderr, and by the exit code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
