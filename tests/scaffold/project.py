"""A copy of the project that a dataset can be added to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ioc_pipelines.home import PROJECT
from tests.e2e.province import Done

FOLDERS = ("contracts", "dbt_project", "ioc_pipelines", "sources", "tests")
LETTERS = ("--request-letter", "31/VP-IOC,2026-11-02", "--consent-letter", "90/SYT,10/11/2026")
_MAIN = "from ioc_pipelines.cli import main; main()"
# several commands in one process, which takes seconds to start; each finds what those before wrote
_EACH = """
import importlib, json, sys
from typer.testing import CliRunner
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.cli import app
done = []
for arguments in json.loads(sys.argv[1]):
    importlib.invalidate_caches()
    all_contracts.cache_clear()
    one = CliRunner().invoke(app, arguments)
    done.append((one.exit_code, one.stdout, one.stderr))
print(json.dumps(done))
"""


@dataclass(frozen=True)
class Copy:
    """The project's folders below ``root``, with a drop folder beside them."""

    root: Path

    @classmethod
    def below(cls, folder: Path) -> Copy:
        root = folder / "project"
        left = shutil.ignore_patterns("__pycache__", "target", "logs")
        for name in FOLDERS:
            shutil.copytree(PROJECT / name, root / name, ignore=left)
        shutil.copy(PROJECT / "pyproject.toml", root)
        (folder / "drop").mkdir()
        return cls(root)

    @property
    def drop(self) -> Path:
        return self.root.parent / "drop"

    def environment(self, **extra: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root.parent),
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "IOC_HOME": str(self.root.parent / "var"),
            "IOC_SANDBOX": str(self.drop),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            **extra,
        }

    def ioc(self, *arguments: str, timeout: float = 400, **extra: str) -> Done:
        """The ``ioc`` command of the copy."""
        return self.python("-c", _MAIN, *arguments, timeout=timeout, **extra)

    def ioc_each(self, *commands: Sequence[str], **extra: str) -> list[Done]:
        """Several ``ioc`` commands, one after the other."""
        done = self.python("-c", _EACH, json.dumps(commands), **extra)
        assert done.code == 0, done.err
        return [Done(*one) for one in done.json()]

    def python(self, *arguments: str, timeout: float = 400, **extra: str) -> Done:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment(**extra),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def files(self) -> dict[str, bytes]:
        """Every file of the copy that may be written to, with its content."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and "target" not in path.parts
        }
