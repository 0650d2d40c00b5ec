"""The simulated web services over a real connection, well and broken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from ioc_pipelines.sandbox.server.web import SandboxServer
from ioc_pipelines.sandbox.state import Fault, Faults
from tests.sandbox.conftest import Sandbox


@dataclass
class Service:
    base: str
    root: Path

    def get(self, path: str, token: str | None = None, **params: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(f"{self.base}{path}", params=params, headers=headers, timeout=5)

    def lgsp_token(self) -> str:
        answer = httpx.post(f"{self.base}/lgsp/token", auth=("ioc", "secret"), timeout=5)
        return str(answer.json()["access_token"])


@pytest.fixture(scope="module")
def service(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    root = tmp_path_factory.mktemp("served")
    (root / "systems").symlink_to(sandbox.folder / "systems")
    with SandboxServer(root, "secret", "token") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Service(f"http://127.0.0.1:{server.server_address[1]}", root)
        server.stopping.set()
        server.shutdown()


@pytest.fixture(autouse=True)
def well(service: Service) -> Iterator[None]:
    yield
    Faults().write(service.root)


def _break(service: Service, system: str, fault: Fault) -> None:
    Faults(broken={system: fault}).write(service.root)


def test_lgsp_pages_hold_every_dossier_once(service: Service, sandbox: Sandbox) -> None:
    token, found = service.lgsp_token(), []
    for page in range(1, 100):
        answer = service.get("/lgsp/dmdc/Category/HoSoTTHC", token, page=page, size=5000).json()
        assert (answer["MSG"], answer["Count"]) == ("Done", len(answer["Data"]))
        if not answer["Data"]:
            break
        found += answer["Data"]
    held = pl.read_parquet(sandbox.folder / "systems" / "lgsp" / "HoSoTTHC.parquet")
    assert (
        len(found)
        == held.height
        == sandbox.answers.feeds["van_phong_ubnd/public_services.procedure_dossier"].rows_received
    )
    assert sorted(row["MaHoSo"] for row in found) == held["MaHoSo"].sort().to_list()


def test_lgsp_metadata_name_every_property(service: Service) -> None:
    facts = service.get("/lgsp/dmdc/Metadata/PhanAnhKienNghi", service.lgsp_token()).json()
    assert {"PropertyCode", "PropertyName", "PropertyType"} == set(facts[0])
    assert [fact["PropertyCode"] for fact in facts][:2] == ["MaPhanAnh", "MaXa"]


def test_lgsp_says_no_by_its_codes(service: Service) -> None:
    assert service.get("/lgsp/dmdc/Category/HoSoTTHC", "other").json()["Code"] == 100
    assert service.get("/lgsp/dmdc/Category/Khong", service.lgsp_token()).json()["Code"] == 500
    refused = httpx.post(f"{service.base}/lgsp/token", auth=("ioc", "wrong"), timeout=5)
    assert refused.status_code == 401


def test_only_what_changed_since(service: Service) -> None:
    since = "2026-11-19T12:00:00"
    asked = service.get(
        "/lgsp/dmdc/Category/HoSoTTHC", service.lgsp_token(), tuNgay=since, size=5000
    )
    changed = [row["CapNhatLuc"] for row in asked.json()["Data"]]
    assert 10 < len(changed) < 500
    assert min(changed) >= since


def test_permits_are_linked_and_readings_have_a_cursor(service: Service) -> None:
    first = service.get("/xay_dung/api/v1/giay-phep", "token")
    assert len(first.json()["data"]) == 500
    following = first.links["next"]["url"]
    second = httpx.get(following, headers={"Authorization": "Bearer token"}, timeout=5).json()
    assert second["data"][0] != first.json()["data"][0]
    assert service.get("/xay_dung/api/v1/giay-phep", "wrong").status_code == 401
    page = service.get("/quan_trac/quan-trac/du-lieu").json()
    more = service.get("/quan_trac/quan-trac/du-lieu", cursor=page["meta"]["next"]).json()
    assert {type(row["aqi"]) for row in page["data"][:50]} <= {int, type(None)}
    assert more["data"][0] != page["data"][0]


def test_faults(service: Service) -> None:
    path = "/quan_trac/quan-trac/du-lieu"
    well = service.get(path)
    _break(service, "quan_trac", "html")
    assert service.get(path).headers["Content-Type"].startswith("text/html")
    _break(service, "quan_trac", "truncated")
    assert service.get(path).content == well.content[: len(well.content) // 2]
    for fault, status in (("busy", 429), ("error", 500), ("denied", 403)):
        _break(service, "quan_trac", fault)  # type: ignore[arg-type]
        assert service.get(path).status_code == status
    _break(service, "quan_trac", "endless")
    pages = [service.get(path, cursor=cursor).json() for cursor in ("0", "2000")]
    assert pages[0]["data"] == pages[1]["data"]
    assert pages[0]["meta"]["next"] != pages[1]["meta"]["next"]
    for fault in ("hang", "slow"):
        _break(service, "quan_trac", fault)  # type: ignore[arg-type]
        with pytest.raises(httpx.TimeoutException):
            httpx.get(f"{service.base}{path}", timeout=httpx.Timeout(5, read=0.3))
    _break(service, "lgsp", "html")
    assert service.get(path).content == well.content
