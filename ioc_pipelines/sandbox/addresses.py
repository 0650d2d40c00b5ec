"""The addresses of the simulated systems, under the names that the feeds look for."""

from __future__ import annotations

from pathlib import Path


def sandbox_addresses(folder: Path) -> dict[str, str]:
    """Environment of the sandbox in ``folder``; empty when there is none.

    A deployment sets these variables itself; the sandbox's are used only where they are unset.
    """
    if not folder.is_dir():
        return {}
    return {
        "IOC_SANDBOX": str(folder),
        "IOC_DOSSIER_URL": f"sqlite:///{folder / 'van_phong_ubnd' / 'ho_so.db'}",
    }
