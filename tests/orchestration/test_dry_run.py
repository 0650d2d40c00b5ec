"""What reprocessing would change is shown before anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from contracts.base import Contract, column
from ioc_pipelines.catalog.models import Approval
from ioc_pipelines.orchestration.delivery import reprocess
from ioc_pipelines.orchestration.deployment import Deployment
from ioc_pipelines.orchestration.dry_run import dry_run
from ioc_pipelines.serving.replay import DeliveryChange
from tests.orchestration.deployments import (
    APPROVER,
    COLUMNS,
    DAY,
    HEADERS,
    NAME,
    NIGHT,
    Bench,
    Upserted,
    csv_feed,
    good,
    hashes,
    with_feed,
    write_csv,
    write_xlsx,
    xlsx_feed,
)

FILE = "so_a/1.csv"


class Tightened(Contract):
    """The upsert test contract, in a new version that allows less."""

    __contract__ = replace(Upserted.info(), version="2.0.0")

    code: str = column(vi="Mã", en="Code", str_matches=r"^K\d{3}$")
    name: str = column(vi="Họ tên", en="Name", personal=True)
    amount: int = column(vi="Số tiền", en="Amount", ge=0, le=4000)
    paid_on: pl.Date = column(vi="Ngày", en="Paid on", max_age_days=100)


@pytest.fixture
def landed(tmp_path: Path, drop: Path) -> Bench:
    """Two nights: five rows, one of them refused; then four others."""
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.3))
    rows = good(5)
    write_csv(drop / FILE, [*rows[:4], ("X", NAME, "1", "15/11/2026")])
    assert bench.deliver().outcome == "partly_accepted"
    write_csv(drop / FILE, good(4, start=3))
    assert bench.deliver(NIGHT + DAY).outcome == "accepted"
    return bench


def tightened(bench: Bench) -> Bench:
    return bench.again(replace(bench.entry, contract=Tightened))


def shown(bench: Bench, batch: str | None = None) -> list[DeliveryChange]:
    return list(dry_run(bench.deployment, [bench.entry], batch))


def places(rows: Any) -> list[tuple[str, int, list[str]]]:
    return [(row.file, row.row, row.rules) for row in rows]


def untouched(bench: Bench, work: Callable[[], Any]) -> Any:
    """Do the work; every file of the data root and every ledger row is as it was."""

    def state() -> tuple[dict[str, str], list[Any]]:
        tables = ("delivery", "batch", "acceptance", "rule_result", "score")
        # the shared-memory index of SQLite is no data: a reader marks its place in it
        files = hashes(bench.deployment.home.root)
        return (
            {name: h for name, h in files.items() if not name.endswith("-shm")},
            [bench.table(name) for name in tables],
        )

    before = state()
    result = work()
    assert state() == before
    return result


def test_a_tightened_contract_says_which_rows_and_refuses_exactly_those(landed: Bench) -> None:
    bench = tightened(landed)
    first, second = untouched(bench, lambda: shown(bench))
    assert (first.outcome, first.applies) == ("partly_accepted", True)
    assert (first.before.contract_version, first.after.contract_version) == ("1.0.0", "2.0.0")
    # K001–K004 have 1000–4000: all still good; the fifth row had the wrong code before too
    assert (first.newly_refused, first.newly_accepted, first.gone) == ([], [], 0)
    assert first.before.rules == first.after.rules == {"clean.format (code)": 1}
    # K003–K006: two are over the new limit
    assert places(second.newly_refused) == [
        (FILE, 4, ["correct.max (amount)"]),
        (FILE, 5, ["correct.max (amount)"]),
    ]
    assert (second.before.accepted, second.before.refused) == (4, 0)
    assert (second.after.received, second.after.accepted, second.after.refused) == (4, 2, 2)
    assert second.before.rules == {}
    assert second.after.rules == {"correct.max (amount)": 2}

    reports = reprocess(bench.deployment, bench.entry, "again")
    assert [r.outcome for r in reports] == [first.outcome, second.outcome]
    batch = reports[1].batch
    assert batch is not None
    refused = {(file, row, rule) for file, row, rule, _ in bench.refusals(batch.batch_id)}
    assert refused == {(FILE, 4, "correct.max"), (FILE, 5, "correct.max")}
    assert bench.accepted(batch.batch_id)["code"].to_list() == ["K003", "K004"]
    # and now nothing more would change
    for change in shown(bench):
        assert (change.newly_refused, change.newly_accepted, change.gone) == ([], [], 0)
        assert change.before == change.after


def test_a_loosened_rule_says_which_rows_come_back_and_what_they_had_broken(
    landed: Bench,
) -> None:
    bench = tightened(landed)
    reprocess(bench.deployment, bench.entry, "again")
    loosened = bench.again(replace(bench.entry, contract=Upserted))
    _, second = untouched(loosened, lambda: shown(loosened))
    assert second.newly_refused == []
    assert places(second.newly_accepted) == [
        (FILE, 4, ["correct.max (amount)"]),
        (FILE, 5, ["correct.max (amount)"]),
    ]


def test_only_the_deliveries_of_one_batch(landed: Bench) -> None:
    (first, _), (second, _) = landed.acceptances()
    (change,) = shown(tightened(landed), second)
    assert len(change.newly_refused) == 2
    (change,) = shown(tightened(landed), first)
    assert change.newly_refused == []


def test_a_judgement_below_the_floor_would_change_nothing(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed(acceptance_floor=0.9))
    write_csv(drop / FILE, good(5, start=3))
    bench.deliver()
    (change,) = untouched(tightened(bench), lambda: shown(tightened(bench)))
    assert (change.outcome, change.applies) == ("below_floor", False)
    assert (change.newly_refused, change.newly_accepted, change.gone) == ([], [], 0)
    assert change.after.rules["correct.max (amount)"] == 3
    assert change.problem


def test_a_judgement_that_waits_for_approval_would_change_nothing(landed: Bench) -> None:
    bench = tightened(landed)
    asked = Approval(approver=APPROVER, document="so 1", automatic_from=100)
    profile = bench.deployment.catalog.profile.model_copy(update={"approval": asked})
    catalog = replace(bench.deployment.catalog, profile=profile)
    bench = Bench(Deployment(bench.deployment.home, catalog), bench.drop)
    standing = bench.acceptances()
    changes = untouched(bench, lambda: shown(bench))
    assert [(c.outcome, c.applies) for c in changes] == [("awaiting_approval", False)] * 2
    assert [c.newly_refused for c in changes] == [[], []]
    assert changes[1].after.rules == {"correct.max (amount)": 2}
    assert [r.outcome for r in reprocess(bench.deployment, bench.entry, "again")] == [
        change.outcome for change in changes
    ]
    assert bench.acceptances() == standing


def test_a_refused_delivery_whose_layout_is_mended_would_be_accepted(
    tmp_path: Path, drop: Path
) -> None:
    bench = Bench.of(tmp_path, xlsx_feed())
    write_xlsx(drop / "so_b" / "1.xlsx", good(3), sheet="Biểu mới")
    assert bench.deliver().outcome == "structure_mismatch"
    (change,) = shown(bench)
    assert (change.outcome, change.applies, change.after.received) == (
        "structure_mismatch",
        False,
        0,
    )
    fixed = bench.again(with_feed(bench.entry, layout={"format": "xlsx", "sheet": "^Biểu( mới)?$"}))
    (change,) = untouched(fixed, lambda: shown(fixed))
    assert (change.outcome, change.applies, change.before.accepted) == ("accepted", True, 0)
    assert [row.row for row in change.newly_accepted] == [3, 4, 5]


def test_rows_under_another_key_are_new_and_the_old_ones_gone(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed(columns={**COLUMNS, "code": {"source": "Mã cũ"}}))
    rows = [(*row, f"K9{row[0][2:]}") for row in good(3)]
    write_csv(drop / FILE, rows, (*HEADERS, "Mã cũ"))
    bench.deliver()
    mended = bench.again(with_feed(bench.entry, columns=COLUMNS))
    (change,) = untouched(mended, lambda: shown(mended))
    assert change.outcome == "accepted"
    assert places(change.newly_accepted) == [(FILE, row, []) for row in (2, 3, 4)]
    assert change.gone == 3


def test_no_value_of_a_person_is_shown(landed: Bench) -> None:
    bench = tightened(landed)
    text = "".join(change.model_dump_json() for change in shown(bench))
    assert NAME not in text
    assert "Người" not in text


def test_a_changed_landing_is_said_and_the_other_delivery_still_shown(landed: Bench) -> None:
    folder = landed.deployment.home.landing / landed.entry.id / "blobs"
    manifest = landed.deployment.landing.manifest(
        landed.entry.id, landed.table("delivery")[0]["delivery_id"]
    )
    blob = folder / manifest.files[0].sha256
    blob.chmod(0o600)
    blob.write_bytes(b"changed")
    first, second = shown(tightened(landed))
    assert (first.outcome, first.applies) == ("error", False)
    assert "TamperedLandingError" in str(first.problem)
    assert len(second.newly_refused) == 2


def test_a_feed_that_landed_nothing_has_nothing_to_show(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    bench.deliver()
    assert shown(bench) == []
