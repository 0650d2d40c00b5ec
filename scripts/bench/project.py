"""A copy of the project with the benchmark's dataset added, as any dataset is added.

One contract, one feed entry, one staging model, and a mart. What is measured is the `ioc` command
of the copy: nothing in the product knows of benchmarks.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from ioc_pipelines.home import PROJECT
from scripts.bench.feed import SOURCES
from scripts.bench.measure import Measured, measured

_FOLDERS = ("contracts", "dbt_project", "ioc_pipelines", "sources")
_OVERLAY = Path(__file__).parent / "overlay"
_MAIN = "from ioc_pipelines.cli import main; main()"
_PERSON = {"position": "Trưởng phòng", "unit": "Sở đo tốc độ"}


@dataclass(frozen=True)
class Copy:
    """The copy below ``root``; its agencies drop their files in ``drop``."""

    root: Path

    @classmethod
    def below(cls, folder: Path, feeds: int = 1) -> Copy:
        """Copy the project; so many agencies send dossiers."""
        copy = cls(folder / "project")
        left = shutil.ignore_patterns("logs", "target")
        for name in _FOLDERS:
            shutil.copytree(PROJECT / name, copy.root / name, ignore=left)
        shutil.copytree(_OVERLAY, copy.root, dirs_exist_ok=True, ignore=left)
        copy.drop.mkdir()
        copy.declare(feeds)
        copy.ioc("contracts", "generate")
        copy.python("-m", "ioc_pipelines.orchestration.dbt")  # as the set-up of a clone does
        return copy

    @property
    def drop(self) -> Path:
        """Where the agencies drop their files: ``<agency>/*.parquet``."""
        return self.root.parent / "drop"

    @property
    def home(self) -> Path:
        """The data root of the profile."""
        return self.root.parent / "var" / "bench"

    def declare(self, feeds: int) -> None:
        """So many agencies, each with one feed; those of before are no more."""
        for path in (self.root / "sources" / "bench").glob("so_*.yaml"):
            path.unlink()
        for number in range(feeds):
            code = f"so_{number:03d}"
            text = yaml.safe_dump(_agency(code), allow_unicode=True, sort_keys=False)
            (self.root / "sources" / "bench" / f"{code}.yaml").write_text(text, encoding="utf-8")

    def ioc(self, *arguments: str) -> Measured:
        """Run the `ioc` command of the copy. Raises CalledProcessError when it fails."""
        return self.python("-c", _MAIN, *arguments)

    def python(self, *arguments: str) -> Measured:
        """Run Python in the copy."""
        return measured([sys.executable, *arguments], self.root, self.environment())

    def environment(self) -> dict[str, str]:
        """What the commands of the copy are given."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root.parent),
            "PYTHONPATH": str(self.root),
            "IOC_HOME": str(self.home.parent),
            "IOC_PROFILE": "bench",
            "IOC_SANDBOX": str(self.drop),
            "BENCH_DROP": str(self.drop),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
        }

    def forget(self) -> None:
        """Begin with an empty data root."""
        shutil.rmtree(self.home, ignore_errors=True)


def _agency(code: str) -> dict[str, object]:
    return {
        "code": code,
        "name_vi": "Sở đo tốc độ",
        "name_en": "Benchmark agency",
        "level": "provincial",
        "feeds": [
            {
                "dataset": "bench.dossier",
                "title_vi": "Hồ sơ",
                "status": {"state": "active", "since": "2026-11-01"},
                "classification": "internal",
                "sharing": "default",
                "cadence": "daily",
                "late_after": "26h",
                "acceptance_floor": 0.2,
                "head": _PERSON,
                "focal_point": _PERSON,
                "connector": {
                    "kind": "files",
                    "root_env": "BENCH_DROP",
                    "pattern": f"{code}/*.parquet",
                    "quiet_s": 0,
                    "timeout_s": 600,
                },
                "layout": {"format": "parquet"},
                "columns": dict(SOURCES),
            }
        ],
    }
