"""The addresses of the simulated systems, under the names that the feeds look for."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from ioc_pipelines.sandbox.state import Faults, Running

CLIENT_ID = "ioc"
# the systems that a feed reaches by an address, and the variable it looks for
WEB = {"lgsp": "IOC_LGSP_URL", "xay_dung": "IOC_XAY_DUNG_URL", "quan_trac": "IOC_QUAN_TRAC_URL"}
DATABASES = {"kho_bac": "IOC_KHO_BAC_URL", "thue": "IOC_THUE_URL", "dat_dai": "IOC_DAT_DAI_URL"}
_CLOSED_PORT = 1


def sandbox_addresses(folder: Path) -> dict[str, str]:
    """Environment of the sandbox in ``folder``; empty when there is none.

    A deployment sets these variables itself; the sandbox's are used only where they are unset.
    Web services and databases have an address only while the sandbox runs.
    """
    if not folder.is_dir():
        return {}
    addresses = {"IOC_SANDBOX": str(folder)}
    running, faults = Running.read(folder), Faults.read(folder) or Faults()
    if running is None:
        return addresses
    for system, variable in WEB.items():
        port = _CLOSED_PORT if faults.broken.get(system) == "down" else running.port
        addresses[variable] = f"http://127.0.0.1:{port}/{system}"
    for system, variable in DATABASES.items():
        url = running.database_urls[system]
        addresses[variable] = _spoilt(url, faults.broken.get(system), running.tarpit_port)
    return {
        **addresses,
        "IOC_LGSP_CLIENT_ID": CLIENT_ID,
        "IOC_LGSP_CLIENT_SECRET": running.client_secret,
        "IOC_XAY_DUNG_TOKEN": running.token,
    }


def _spoilt(address: str, fault: str | None, tarpit_port: int) -> str:
    """The address of a database that is down or hangs; of a file, one that is not there."""
    if fault is None:
        return address
    url = sa.make_url(address)
    if url.get_backend_name() == "sqlite":
        return f"{address}.{fault}"
    port = tarpit_port if fault == "hang" else _CLOSED_PORT
    return url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
