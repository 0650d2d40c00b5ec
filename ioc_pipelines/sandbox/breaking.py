"""Break a simulated system in one way, and mend it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from ioc_pipelines.sandbox.addresses import DATABASES, WEB
from ioc_pipelines.sandbox.process import SandboxError
from ioc_pipelines.sandbox.state import Fault, Faults

DROP_FOLDERS = (
    "cong_an_tinh", "so_giao_duc", "so_nnmt", "so_noi_vu", "so_tai_chinh", "so_xay_dung", "so_y_te",
    "thong_ke_tinh",
)  # fmt: skip
SYSTEMS = (*WEB, *DATABASES, *DROP_FOLDERS)


def faults_of(system: str) -> tuple[Fault, ...]:
    """The ways in which a system can be broken."""
    if system in WEB:
        return get_args(Fault)
    return ("down", "hang") if system in DATABASES else ("down",)


def break_system(folder: Path, system: str, fault: str) -> None:
    """Break a system from now on; what it held is kept. Raises SandboxError for what cannot be."""
    if system not in SYSTEMS:
        msg = f"no system '{system}'; there are: {', '.join(SYSTEMS)}"
        raise SandboxError(msg)
    if fault not in faults_of(system):
        msg = f"{system} cannot be broken by '{fault}'; it can by: {', '.join(faults_of(system))}"
        raise SandboxError(msg)
    broken = broken_systems(folder)
    if system in DROP_FOLDERS and system not in broken:
        (folder / system).rename(_aside(folder, system))
    Faults.model_validate({"broken": {**broken, system: fault}}).write(folder)


def mend(folder: Path, system: str | None = None) -> list[str]:
    """Mend a system, or all; return those that were broken."""
    broken = broken_systems(folder)
    mended = [name for name in broken if system in (None, name)]
    for name in mended:
        if name in DROP_FOLDERS:
            _aside(folder, name).rename(folder / name)
    Faults(broken={k: v for k, v in broken.items() if k not in mended}).write(folder)
    return mended


def broken_systems(folder: Path) -> dict[str, Fault]:
    """What is broken now, by system."""
    return (Faults.read(folder) or Faults()).broken


def _aside(folder: Path, system: str) -> Path:
    return folder / f".{system}.down"
