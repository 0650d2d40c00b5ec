"""A copy of the project that a dataset can be added to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ioc_pipelines.home import PROJECT
from tests.e2e.province import Done

FOLDERS = ("contracts", "dbt_project", "ioc_pipelines", "sources", "tests")
LETTERS = ("--request-letter", "31/VP-IOC,2026-11-02", "--consent-letter", "90/SYT,10/11/2026")
_MAIN = "from ioc_pipelines.cli import main; main()"


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
