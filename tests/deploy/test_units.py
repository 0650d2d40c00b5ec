"""The units are what systemd understands, confined, and give the night one owner."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from ioc_pipelines.home import PROJECT

UNITS = PROJECT / "docs" / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
RUNNING = [name for name in SERVICES if name != "ioc-nightly.service"]
MOST_EXPOSED = 30  # of 100, as `systemd-analyze security` counts


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with the paths of this checkout: systemd looks whether the programs are there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (package systemd)")
    folder = tmp_path_factory.mktemp("units")
    for path in UNITS.iterdir():
        text = path.read_text(encoding="utf-8").replace("/opt/ioc", str(PROJECT))
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False
    )


def section(name: str, part: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((UNITS / name).read_text(encoding="utf-8"))
    return parser[part]


def test_there_are_the_units_that_the_page_names() -> None:
    assert SERVICES == [
        "ioc-daemon.service",
        "ioc-nightly.service",
        "ioc-reports.service",
        "ioc-webserver-readonly.service",
        "ioc-webserver.service",
    ]


def test_systemd_understands_them(units: Path) -> None:
    files = [units / name for name in (*SERVICES, "ioc-nightly.timer")]
    done = analyze("verify", "--man=no", *files)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_would_find_a_mistake(units: Path, tmp_path: Path) -> None:
    broken = tmp_path / "ioc-daemon.service"
    text = (units / broken.name).read_text(encoding="utf-8")
    broken.write_text(text.replace("ProtectSystem=strict", "ProtectSystm=strict"))
    assert "ProtectSystm" in analyze("verify", "--man=no", broken).stderr


@pytest.mark.parametrize("name", SERVICES)
def test_they_are_confined(units: Path, name: str) -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", units / name)
    assert done.returncode == 0, done.stdout
    service = section(name, "Service")
    assert service["User"] == "ioc"
    assert service["UMask"] == "0027"
    assert service["ProtectSystem"] == "strict"
    for word in ("NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert service[word] == "yes", word
    assert service["MemoryMax"]


def test_what_parses_foreign_files_may_still_leave_the_network() -> None:
    """`unshare` is refused by no filter, and one that is not there is an error, not a death."""
    service = section("ioc-daemon.service", "Service")
    assert "RestrictNamespaces" not in service
    assert service["SystemCallErrorNumber"] == "EPERM"


@pytest.mark.parametrize("name", RUNNING)
def test_they_come_back(name: str) -> None:
    assert section(name, "Service")["Restart"] == "always"
    assert section(name, "Unit")["StartLimitBurst"] == "5"
    assert section(name, "Install")["WantedBy"] == "multi-user.target"


def test_the_timer_starts_the_night_only_where_it_owns_it(tmp_path: Path) -> None:
    condition = section("ioc-nightly.service", "Service")["ExecCondition"]
    program = condition.removeprefix("/bin/sh -c '").removesuffix("'")

    def may_start(**environment: str) -> bool:
        return subprocess.run(["/bin/sh", "-c", program], env=environment).returncode == 0

    assert may_start(IOC_NIGHTLY="timer")
    assert not may_start(IOC_NIGHTLY="schedule")
    assert not may_start()


def test_the_example_of_the_environment_holds_no_secret_and_starts_no_second_night() -> None:
    lines = (PROJECT / "docs" / "deploy" / "ioc.env.example").read_text().splitlines()
    set_ = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set_["IOC_NIGHTLY"] == "schedule"
    assert not [name for name in set_ if "SECRET" in name or "KEY" in name or "DATABASE" in name]
