"""What was landed is judged again, after a layout or a column mapping was mended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ioc_pipelines.orchestration.delivery import Report, reprocess
from tests.orchestration.deployments import (
    COLUMNS,
    DAY,
    HEADERS,
    NIGHT,
    Bench,
    Row,
    csv_feed,
    good,
    hashes,
    with_feed,
    write_csv,
    write_xlsx,
    xlsx_feed,
)

WIDE = (*HEADERS, "Mã cũ")
# the feed was connected with the wrong column as its key
WRONG = {**COLUMNS, "code": {"source": "Mã cũ"}}


def wide(count: int, start: int = 1) -> list[Row]:
    """Good rows with another code of their own, K9xx, in the last column."""
    return [(*row, f"K9{row[0][2:]}") for row in good(count, start)]


@pytest.fixture
def mislaid(tmp_path: Path, drop: Path) -> Bench:
    """Two nights delivered under a wrong key column."""
    bench = Bench.of(tmp_path, csv_feed(columns=WRONG))
    write_csv(drop / "so_a" / "1.csv", wide(5), WIDE)
    assert bench.deliver().outcome == "accepted"
    write_csv(drop / "so_a" / "1.csv", wide(5, start=4), WIDE)
    assert bench.deliver(NIGHT + DAY).outcome == "accepted"
    return bench


def mended(bench: Bench) -> Bench:
    return bench.again(with_feed(bench.entry, columns=COLUMNS))


def run(bench: Bench, batch: str | None = None) -> list[Report]:
    return reprocess(bench.deployment, bench.entry, "again", batch)


def standing_codes(bench: Bench) -> list[list[str]]:
    """The keys that stand, by delivery."""
    return [bench.accepted(batch)["code"].to_list() for batch, _ in bench.acceptances()]


def test_a_mended_mapping_takes_the_place_of_the_wrong_one(mislaid: Bench, drop: Path) -> None:
    before = mislaid.acceptances()
    landed = hashes(mislaid.deployment.home.landing)
    assert standing_codes(mislaid)[0] == [f"K9{n:02d}" for n in range(1, 6)]
    # the source is gone: nothing is fetched
    (drop / "so_a" / "1.csv").unlink()
    bench = mended(mislaid)
    reports = run(bench)
    assert [r.outcome for r in reports] == ["accepted", "accepted"]
    assert standing_codes(bench) == [
        [f"K{n:03d}" for n in range(1, 6)],
        [f"K{n:03d}" for n in range(4, 9)],
    ]
    after = bench.acceptances()
    assert [seq for _, seq in after] == [seq for _, seq in before] == [1, 2]
    assert not {batch for batch, _ in after} & {batch for batch, _ in before}
    assert bench.current() == after[1][0]
    assert hashes(bench.deployment.home.landing) == landed


def test_a_reprocess_is_recorded_as_what_it_is(mislaid: Bench) -> None:
    bench = mended(mislaid)
    run(bench)
    rows = bench.table("delivery")
    assert [(r["kind"], r["replays_seq"]) for r in rows] == [
        ("fetch", None),
        ("fetch", None),
        ("reprocess", 1),
        ("reprocess", 2),
    ]
    assert {r["run_id"] for r in rows[2:]} == {"again"}
    acceptances = bench.table("acceptance")
    assert len(acceptances) == 4
    assert [a["superseded_at"] is None for a in acceptances] == [False, False, True, True]
    # it is no news of the source
    assert bench.deployment.ledger.deliveries.last_arrival(bench.entry.id) == NIGHT + DAY


def test_reprocessing_again_changes_nothing(mislaid: Bench) -> None:
    bench = mended(mislaid)
    run(bench)
    before = bench.acceptances(), bench.accepted_files(), len(bench.table("batch"))
    reports = run(bench)
    assert [r.outcome for r in reports] == ["seen_before", "seen_before"]
    assert (bench.acceptances(), bench.accepted_files(), len(bench.table("batch"))) == before


def test_the_next_fetch_goes_on_from_the_mended_batch(mislaid: Bench) -> None:
    bench = mended(mislaid)
    run(bench)
    before = bench.acceptances()
    assert bench.deliver(NIGHT + 2 * DAY).outcome in {"seen_before", "no_news"}
    assert bench.acceptances() == before
    write_csv(bench.drop / "so_a" / "1.csv", wide(3, start=20), WIDE)
    report = bench.deliver(NIGHT + 3 * DAY)
    assert report.outcome == "accepted"
    assert standing_codes(bench)[-1] == ["K020", "K021", "K022"]
    assert [seq for _, seq in bench.acceptances()] == [1, 2, 6]


def test_one_batch_can_be_judged_again_alone(mislaid: Bench) -> None:
    (first, _), (second, _) = mislaid.acceptances()
    bench = mended(mislaid)
    reports = run(bench, first)
    assert [r.outcome for r in reports] == ["accepted"]
    (mended_first, seq), untouched = bench.acceptances()
    assert (seq, untouched) == (1, (second, 2))
    assert bench.accepted(mended_first)["code"][0] == "K001"
    assert bench.current() == second


def test_a_refused_delivery_is_accepted_once_its_layout_is_mended(
    tmp_path: Path, drop: Path
) -> None:
    bench = Bench.of(tmp_path, xlsx_feed())
    write_xlsx(drop / "so_b" / "1.xlsx", good(5))
    bench.deliver()
    write_xlsx(drop / "so_b" / "1.xlsx", good(5, start=4), sheet="Biểu mới")
    assert bench.deliver(NIGHT + DAY).outcome == "structure_mismatch"
    fixed = bench.again(with_feed(bench.entry, layout={"format": "xlsx", "sheet": "^Biểu( mới)?$"}))
    reports = run(fixed)
    assert reports[-1].outcome == "accepted"
    assert [seq for _, seq in fixed.acceptances()] == [1, 2]
    assert standing_codes(fixed)[1] == [f"K{n:03d}" for n in range(4, 9)]


def test_an_old_delivery_that_no_longer_fits_keeps_what_it_had(tmp_path: Path, drop: Path) -> None:
    """The last good stays, for a reprocess too."""
    bench = Bench.of(tmp_path, xlsx_feed())
    write_xlsx(drop / "so_b" / "1.xlsx", good(5))
    bench.deliver()
    before = bench.acceptances(), bench.accepted_files()
    fixed = bench.again(with_feed(bench.entry, layout={"format": "xlsx", "sheet": "^Trang khác$"}))
    reports = run(fixed)
    assert [r.outcome for r in reports] == ["structure_mismatch"]
    assert (fixed.acceptances(), fixed.accepted_files()) == before


def test_rows_are_judged_by_the_day_they_arrived(tmp_path: Path, drop: Path) -> None:
    """A row that was young enough on its night is so for ever."""
    long_ago = datetime.now(UTC) - timedelta(days=300)
    bench = Bench.of(tmp_path, csv_feed(columns=WRONG))
    day = f"{long_ago - timedelta(days=50):%d/%m/%Y}"
    rows = [(*row[:3], day, row[4]) for row in wide(5)]
    write_csv(drop / "so_a" / "1.csv", rows, WIDE)
    assert bench.deliver(long_ago).outcome == "accepted"
    fixed = mended(bench)
    assert [r.outcome for r in run(fixed)] == ["accepted"]
    assert standing_codes(fixed) == [[f"K{n:03d}" for n in range(1, 6)]]


def test_reprocessing_old_data_does_not_make_it_young(tmp_path: Path, drop: Path) -> None:
    """`live` is about the source's last good news; judging it again is none."""
    long_ago = datetime.now(UTC) - timedelta(days=60)
    bench = Bench.of(tmp_path, csv_feed(columns=WRONG))
    day = f"{long_ago - timedelta(days=1):%d/%m/%Y}"
    rows = [(*row[:3], day, row[4]) for row in wide(5)]
    write_csv(drop / "so_a" / "1.csv", rows, WIDE)
    assert not bench.deliver(long_ago).is_late
    (report,) = run(mended(bench))
    assert report.outcome == "accepted"
    assert report.is_late
    assert report.age > timedelta(days=59)
    assert report.scores["live"].score == 0


def test_a_feed_that_landed_nothing_has_nothing_to_reprocess(tmp_path: Path, drop: Path) -> None:
    bench = Bench.of(tmp_path, csv_feed())
    assert bench.deliver().outcome in {"nothing_arrived", "source_unavailable"}
    assert run(bench) == []
    assert len(bench.table("delivery")) == 1


def test_a_changed_landing_is_an_error_and_not_believed(mislaid: Bench) -> None:
    blobs = mislaid.deployment.home.landing / mislaid.entry.id / "blobs"
    for blob in blobs.iterdir():
        blob.chmod(0o600)
        blob.write_bytes(blob.read_bytes().replace(b"000", b"900"))
    before = mislaid.acceptances(), mislaid.accepted_files()
    bench = mended(mislaid)
    reports = run(bench)
    assert {r.outcome for r in reports} == {"error"}
    assert "TamperedLandingError" in reports[0].detail["problem"]
    assert (bench.acceptances(), bench.accepted_files()) == before
