"""What the ``ioc`` command waits for before it answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("dagster", "dbt", "great_expectations", "alembic", "pandera", "polars")


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [(["--help"], set()), (["status"], {"alembic", "pandera", "polars"})],
)
def test_a_command_imports_what_it_needs(
    own_home: Path, arguments: list[str], needed: set[str]
) -> None:
    code = (
        "import sys\nfrom ioc_pipelines.cli import main\n"
        f"sys.argv[1:] = {arguments}\n"
        "try:\n    main()\n"
        f"finally:\n    print(*[n for n in {HEAVY} if n in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout
    assert set(done.stderr.split()) == needed
