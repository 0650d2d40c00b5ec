"""A focal point gets the masked pack by mail, from a real SMTP server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from ioc_pipelines.catalog.models import Mail
from ioc_pipelines.intake.pack_form import MASK, ROWS_SHEET
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.receipts import send_receipt
from tests.mail_box import MailBox, mail_box
from tests.orchestration.deployments import DAY, NIGHT, PROFILE, Bench, csv_feed, good, write_csv

ADDRESS = "dau-moi@so-a.example"
SECRET = "Bí Mật"


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailBox]:
    with mail_box() as found:
        monkeypatch.setenv("TEST_MAIL", found.url)
        monkeypatch.setenv("TEST_ADDRESS", ADDRESS)
        yield found


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("TEST_DROP", str(tmp_path / "drop"))
    person = {"position": "Trưởng phòng", "unit": "Sở A", "email_env": "TEST_ADDRESS"}
    made = Bench.of(tmp_path, csv_feed(focal_point=person))
    profile = PROFILE.model_copy(update={"mail": Mail(url_env="TEST_MAIL")})
    catalog = replace(made.deployment.catalog, profile=profile)
    write_csv(made.drop / "so_a" / "1.csv", [*good(9), ("K010", SECRET, "-1", "15/11/2026")])
    return Bench(Deployment(made.deployment.home, catalog), made.drop)


def test_the_masked_pack_is_mailed_once(bench: Bench, box: MailBox, tmp_path: Path) -> None:
    report = bench.deliver()
    send_receipt(bench.deployment, report)
    send_receipt(bench.deployment, report)
    (mail,) = box.mails
    assert ADDRESS in mail["To"]
    (attached,) = [part for part in mail.walk() if part.get_filename()]
    path = tmp_path / "pack.xlsx"
    path.write_bytes(attached.get_payload(decode=True))  # type: ignore[arg-type]
    said = [str(cell.value) for row in openpyxl.load_workbook(path)[ROWS_SHEET] for cell in row]
    assert MASK in said
    assert not [text for text in said if SECRET in text]
    (tried,) = bench.table("mailing")
    assert tried["problem"] == ""


def test_a_mail_that_fails_is_recorded_and_names_nobody(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEST_MAIL", "mailto://127.0.0.1:1?from=ioc@tinh.example&mode=insecure")
    monkeypatch.setenv("TEST_ADDRESS", ADDRESS)
    send_receipt(bench.deployment, bench.deliver())
    (tried,) = bench.table("mailing")
    assert tried["problem"]
    assert "no mail for so_a/test.upsert" in caplog.text
    assert ADDRESS not in caplog.text + str(tried)


def test_without_a_server_or_an_address_nothing_is_tried(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Bench(
        Deployment(bench.deployment.home, replace(bench.deployment.catalog, profile=PROFILE)),
        bench.drop,
    )
    send_receipt(plain.deployment, plain.deliver(NIGHT + DAY))
    assert plain.table("mailing") == []
