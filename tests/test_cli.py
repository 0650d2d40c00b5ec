"""What the ``ioc`` command waits for before it answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ioc_pipelines.cli import _chosen
from ioc_pipelines.orchestration.deployment import Deployment

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


def test_an_option_that_is_repeated_adds_and_an_unknown_name_is_said() -> None:
    deployment = Deployment.of("hung_yen")

    def chosen(agencies: list[str] | None, datasets: list[str] | None) -> set[str]:
        return {entry.agency.code for entry in _chosen(deployment, agencies, datasets)}

    assert chosen(["so_y_te", "so_noi_vu"], None) == {"so_y_te", "so_noi_vu"}
    assert chosen(["so_y_te", "so_noi_vu"], ["health.disease_weekly"]) == {"so_y_te"}
    assert len(chosen(None, None)) > 10
    with pytest.raises(SystemExit) as end:
        chosen(["so_y_te", "so_khong_co"], None)
    assert end.value.code == 2
