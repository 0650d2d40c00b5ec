"""Break a simulated system in one way, and mend it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import cast, get_args

from ioc_pipelines.sandbox.addresses import DATABASES, WEB
from ioc_pipelines.sandbox.drift import DRIFTS, Drift, drifted_text
from ioc_pipelines.sandbox.process import SandboxError
from ioc_pipelines.sandbox.state import Fault, Faults, FileTrouble, Trouble

DROP_FOLDERS = (
    "cong_an_tinh", "so_giao_duc", "so_nnmt", "so_noi_vu", "so_tai_chinh", "so_xay_dung", "so_y_te",
    "thong_ke_tinh",
)  # fmt: skip
# of the folders whose files are text, where that lies
_TEXTS = {"so_y_te": "benh-tuan"}
SYSTEMS = (*WEB, *DATABASES, *DROP_FOLDERS)


def faults_of(system: str) -> tuple[Fault, ...]:
    """The ways in which a system can be broken."""
    if system in WEB:
        return (*get_args(Trouble), *DRIFTS)
    if system in DATABASES:
        return ("down", "hang")
    texts: tuple[Fault, ...] = ("charset", *get_args(FileTrouble), *DRIFTS)
    return ("down", *texts) if system in _TEXTS else ("down",)


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
    if system in DROP_FOLDERS:
        _fill(folder, system, fault)
    Faults.model_validate({"broken": {**broken, system: fault}}).write(folder)


def mend(folder: Path, system: str | None = None) -> list[str]:
    """Mend a system, or all; return those that were broken."""
    broken = broken_systems(folder)
    mended = [name for name in broken if system in (None, name)]
    for name in mended:
        if name in DROP_FOLDERS:
            shutil.rmtree(folder / name, ignore_errors=True)
            _aside(folder, name).rename(folder / name)
    Faults(broken={k: v for k, v in broken.items() if k not in mended}).write(folder)
    return mended


def broken_systems(folder: Path) -> dict[str, Fault]:
    """What is broken now, by system."""
    return (Faults.read(folder) or Faults()).broken


def _fill(folder: Path, system: str, fault: str) -> None:
    """What a drop folder shows instead of what it held: nothing, or its files as they now come."""
    shutil.rmtree(folder / system, ignore_errors=True)
    if fault == "down":
        return
    shutil.copytree(_aside(folder, system), folder / system)
    for path in sorted((folder / system / _TEXTS[system]).glob("*.csv")):
        kept, moment = path.read_bytes(), path.stat()
        path.write_bytes(_spoilt(kept, fault))
        os.utime(path, (moment.st_atime, moment.st_mtime))
    if fault == "old_file":
        first = min((folder / system / _TEXTS[system]).glob("*.csv"))
        shutil.copy2(first, first.with_name(f"moi-{first.name}"))


def _spoilt(content: bytes, fault: str) -> bytes:
    match fault:
        case "half":
            return content[: len(content) // 2]
        case "charset":
            return content.decode("utf-8-sig").encode("utf-16-be")
        case "old_file":
            return content
        case _:
            drift = cast("Drift", fault)
            return drifted_text(content.decode("utf-8-sig"), ";", drift).encode()


def _aside(folder: Path, system: str) -> Path:
    return folder / f".{system}.down"
