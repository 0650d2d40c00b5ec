from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime, time, timedelta
from typing import Any

from tests.sandbox import reading
from tests.sandbox.conftest import AS_OF, Sandbox

MIDNIGHT = datetime.combine(AS_OF, time())


def _good(sandbox: Sandbox) -> list[dict[str, Any]]:
    refused = sandbox.answers.feeds["van_phong_ubnd/public_services.procedure_dossier"].refused
    keys = {row.key for row in refused}
    return [row.values for row in reading.dossier(sandbox.folder) if row.key not in keys]


def test_the_table_is_the_agreed_one(sandbox: Sandbox) -> None:
    with closing(sqlite3.connect(sandbox.folder / "van_phong_ubnd/ho_so.db")) as database:
        columns = database.execute("PRAGMA table_info(ho_so)").fetchall()
        plan = database.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM ho_so WHERE cap_nhat_luc > '2026-11-01'"
        ).fetchall()
    names = " ".join(name for _, name, *_ in columns)
    assert names == (
        "ma_ho_so ma_thu_tuc ma_xa nguoi_nop so_dien_thoai hinh_thuc trang_thai "
        "tiep_nhan_luc han_tra tra_luc cap_nhat_luc"
    )
    assert {kind for _, _, kind, *_ in columns} == {"TEXT"}
    assert [name for _, name, _, _, _, primary in columns if primary] == ["ma_ho_so"]
    assert "INDEX" in str(plan)


def test_every_row_has_its_watermark(sandbox: Sandbox) -> None:
    stamps = [stamp for (stamp,) in reading.dossier_table(sandbox.folder, "cap_nhat_luc")]
    assert all(datetime.fromisoformat(stamp) < MIDNIGHT for stamp in stamps)


def test_people_are_obviously_synthetic(sandbox: Sandbox) -> None:
    for name, phone in reading.dossier_table(sandbox.folder, "nguoi_nop, so_dien_thoai"):
        assert name is None or re.fullmatch(r"Người nộp \d{5}", name)
        assert re.fullmatch(r"09000\d{5}", phone)


def test_times_of_a_dossier_are_in_order_and_past(sandbox: Sandbox) -> None:
    for row in _good(sandbox):
        received, finished, updated = row["received_at"], row["finished_at"], row["updated_at"]
        assert MIDNIGHT - timedelta(days=180) <= received < MIDNIGHT
        assert received <= updated < MIDNIGHT
        assert received < row["due_at"]
        assert row["dossier_code"][7:13] == f"{received:%y%m%d}"
        assert (finished is not None) == (row["status"] in ("done", "returned"))
        assert finished is None or received <= finished == updated
        assert time(7, 30) <= received.time() <= time(17)


def test_most_are_finished_on_time(sandbox: Sandbox) -> None:
    done = [row for row in _good(sandbox) if row["finished_at"]]
    on_time = sum(row["finished_at"] <= row["due_at"] for row in done) / len(done)
    assert 0.905 < on_time < 0.935


def test_what_is_open_is_recent(sandbox: Sandbox) -> None:
    rows = _good(sandbox)
    statuses = Counter(row["status"] for row in rows)
    assert statuses["done"] > statuses["returned"] > statuses["processing"] > 100
    assert statuses["received"] > 30
    yesterday = MIDNIGHT - timedelta(days=1)
    assert all(row["received_at"] >= yesterday for row in rows if row["status"] == "received")
