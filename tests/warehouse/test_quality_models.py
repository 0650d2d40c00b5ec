"""What the quality models say of a ledger whose story is told by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from contracts.base import DIMENSIONS
from ioc_pipelines.ledger import tables as t
from ioc_pipelines.ledger.alerts import Alerts
from ioc_pipelines.ledger.drills import Drills
from ioc_pipelines.ledger.moments import as_text
from ioc_pipelines.ledger.open import open_ledger
from ioc_pipelines.ledger.records import (
    BatchRecord,
    Conclusion,
    DeliveryRef,
    Feeder,
    ResultRecord,
    ScoreRecord,
)
from ioc_pipelines.ledger.reports import Reports
from ioc_pipelines.ledger.runs import Runs
from ioc_pipelines.ledger.store import Ledger
from ioc_pipelines.warehouse.alerts import new_alert_events
from ioc_pipelines.warehouse.build import LEDGER_EXPORTS
from tests.warehouse.quality_models import answers

NIGHT = datetime(2026, 11, 20, 19, tzinfo=UTC)  # two in the morning of the 21st in Viet Nam
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
GOOD_CLOCK = ("live.on_time", "", 1, 1)
LATE = ("live.on_time", "", 0, 1)
FEEDS = {"so_a/x": True, "so_a/y": True, "so_b/z": False}
CATALOG = {
    "catalog.feed": pl.DataFrame(
        [
            {
                "feed": feed,
                "agency": feed.split("/")[0],
                "agency_name_vi": f"Sở {feed[3].upper()}",
                "dataset": f"test.{feed[-1]}",
                "title_vi": "Nguồn",
                "status": "active" if active else "suspended",
                "is_active": active,
                "channel": "file",
                "cadence": "daily",
                "late_after_s": 93_600,
                "provider_vi": "Trưởng phòng, Sở",
                "checker_vi": "Giám đốc, Sở",
                "approver_vi": None,
            }
            for feed, active in FEEDS.items()
        ]
    ),
    "catalog.identifier_column": pl.DataFrame({"dataset": ["test.x"], "column_name": ["code"]}),
    "catalog.scoring": pl.DataFrame(
        {"dimension": DIMENSIONS, "weight": [2.0, 1.0, 1.0, 0.5]}
    ).with_columns(green_from=pl.lit(90.0), amber_from=pl.lit(75.0)),
}


@dataclass
class Story:
    """Deliveries told one after the other; each takes five minutes."""

    engine: sa.Engine

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.engine)

    def delivery(
        self,
        at: datetime,
        *results: tuple[str, str, int, int],
        feed: str = "so_a/x",
        kind: str = "fetch",
        outcome: str = "accepted",
        batch: str | None = "b1",
        arrived: bool = True,
        replays: DeliveryRef | None = None,
        accepts: bool = True,
        run: str = "run",
        scores: dict[str, float] | None = None,
        **more: Any,
    ) -> DeliveryRef:
        feeder = Feeder(feed, feed.split("/")[0], f"test.{feed[-1]}")
        ref = self.ledger.begin(
            feeder, run, now=at, kind=kind, replays=replays.seq if replays else None
        )
        counted = (replays or ref).seq if accepts and batch else None
        done = Conclusion(
            outcome,
            arrived,
            more.pop("detail", {}),
            BatchRecord(batch, "1.0.0", 1, 1, 0, 0, outcome) if batch else None,
            accept_for=counted,
            results=[
                ResultRecord(rule, column, rule.split(".")[0], passed, of, "")
                for rule, column, passed, of in results
            ],
            scores=[ScoreRecord(name, score, 1, 1) for name, score in (scores or {}).items()],
            **more,
        )
        self.ledger.conclude(ref, feeder, done, now=at + 5 * MINUTE)
        return ref

    def snapshot(self, built_at: datetime, run: str) -> None:
        """One that is published an hour after its run began."""
        values = {"dbt_hash": "", "sha256": "", "bytes": 1, "snapshot_id": run, "run_id": run}
        moments = {"built_at": as_text(built_at), "published_at": as_text(built_at + HOUR)}
        with self.engine.begin() as connection:
            connection.execute(sa.insert(t.snapshot).values(**values, **moments))

    def asks(self, sql: str, *models: str) -> list[tuple[Any, ...]]:
        tables = {f"ledger.{name}": self.ledger.table(name) for name in LEDGER_EXPORTS}
        return answers(models, {**tables, **CATALOG}, sql)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(open_ledger(f"sqlite:///{tmp_path}/ledger.db"))


# --- coverage and breaches -----------------------------------------------------------------------

COVERED = "select feed, is_connected, is_live from quality.coverage order by feed"
BROKEN = "select feed, promise from quality.breach order by all"


def covered(story: Story) -> dict[str, tuple[bool, bool]]:
    rows = story.asks(COVERED, "rule_result", "coverage")
    return {feed: (connected, live) for feed, connected, live in rows}


def broken(story: Story) -> list[tuple[Any, ...]]:
    return story.asks(BROKEN, "rule_result", "collection_round", "breach")


def test_a_feed_is_live_by_the_clock_of_its_newest_judgement(story: Story) -> None:
    story.delivery(NIGHT, LATE)
    assert covered(story)["so_a/x"] == (True, False)
    assert broken(story) == [("so_a/x", "live.on_time")]
    story.delivery(NIGHT + DAY, GOOD_CLOCK)
    assert covered(story)["so_a/x"] == (True, True)
    assert covered(story)["so_a/y"] == (False, False)
    assert broken(story) == []


def test_a_correction_that_comes_last_changes_neither(story: Story) -> None:
    story.delivery(NIGHT, GOOD_CLOCK)
    story.delivery(NIGHT, LATE, feed="so_a/y", batch="b2")
    for feed, batch in (("so_a/x", "c1"), ("so_a/y", "c2")):
        story.delivery(
            NIGHT + HOUR,
            ("correct.min", "n", 1, 1),
            kind="correction",
            feed=feed,
            batch=batch,
            arrived=False,
        )
    assert covered(story) == {
        "so_a/x": (True, True),
        "so_a/y": (True, False),
        "so_b/z": (False, False),
    }
    assert broken(story) == [("so_a/y", "live.on_time")]


def test_a_feed_that_is_suspended_breaks_no_promise(story: Story) -> None:
    story.delivery(NIGHT, LATE, feed="so_b/z")
    assert broken(story) == []
    assert covered(story)["so_b/z"] == (False, False)


def test_what_is_judged_again_arrived_when_it_was_fetched(story: Story) -> None:
    first = story.delivery(
        NIGHT, GOOD_CLOCK, outcome="structure_mismatch", batch=None, arrived=False
    )
    story.delivery(NIGHT + 9 * DAY, GOOD_CLOCK, replays=first)
    ((arrived,),) = story.asks(
        "select last_arrival_at from quality.coverage where feed = 'so_a/x'",
        "rule_result",
        "coverage",
    )
    assert arrived == NIGHT


# --- scores --------------------------------------------------------------------------------------


def rated(story: Story, level: str = "feed") -> list[tuple[Any, ...]]:
    return story.asks(
        "select code, dimension, score, rating, identifiers_whole, feeds from quality.scorecard"
        f" where level = '{level}' and dimension in ('correct', 'overall') order by all",
        "rule_result",
        "score",
        "scorecard",
    )


def overall(story: Story) -> tuple[Any, ...]:
    (row,) = (row for row in rated(story) if row[1] == "overall")
    return row[2:5]


def test_levels_are_means_of_feeds_and_a_feed_is_weighted(story: Story) -> None:
    story.delivery(NIGHT, GOOD_CLOCK, scores={"correct": 80, "clean": 95})
    story.delivery(NIGHT, GOOD_CLOCK, feed="so_a/y", batch="b2", scores={"correct": 100})
    story.delivery(NIGHT, GOOD_CLOCK, feed="so_b/z", batch="b3", scores={"correct": 30})
    # weights: 2 of being correct, 1 of being clean: (160 + 95) / 3 = 85
    assert [row for row in rated(story) if row[0] == "so_a/x"] == [
        ("so_a/x", "correct", 80.0, "amber", True, 1),
        ("so_a/x", "overall", pytest.approx(85.0), "amber", True, 1),
    ]
    assert [row[:4] for row in rated(story, "agency")] == [
        ("so_a", "correct", 90.0, "green"),
        ("so_a", "overall", 92.5, "green"),
        ("so_b", "correct", 30.0, "red"),
        ("so_b", "overall", 30.0, "red"),
    ]
    ((*_, feeds), _) = rated(story, "province")
    assert feeds == 3
    assert rated(story, "province")[0][2] == 70.0


def test_the_last_judgement_of_a_day_in_viet_nam_counts(story: Story) -> None:
    story.delivery(NIGHT - 3 * HOUR, GOOD_CLOCK, scores={"correct": 10})  # 23:00 of the 20th
    story.delivery(NIGHT, GOOD_CLOCK, scores={"correct": 20})
    story.delivery(NIGHT + HOUR, GOOD_CLOCK, batch="b2", scores={"correct": 91})
    days = story.asks(
        "select cast(scored_on as varchar), score from quality.scorecard"
        " where level = 'feed' and dimension = 'correct' order by all",
        "rule_result",
        "score",
        "scorecard",
    )
    assert days == [("2026-11-20", 10.0), ("2026-11-21", 91.0)]


@pytest.mark.parametrize(
    ("result", "whole"),
    [
        (("clean.format", "code", 9, 10), False),
        (("complete.required", "code", 9, 10), False),
        (("clean.key_unique", "", 8, 10), False),
        (("clean.format", "other", 9, 10), True),
        (("complete.required", "other", 9, 10), True),
        # a unit that is silent is no identifier that is wrong
        (("complete.every_unit_reported", "code", 1, 2), True),
        (("clean.exact_duplicate", "", 1, 2), True),
        (("clean.format", "code", 10, 10), True),
    ],
)
def test_a_wrong_identifier_leaves_no_green(
    story: Story, result: tuple[str, str, int, int], whole: bool
) -> None:
    story.delivery(NIGHT, GOOD_CLOCK, result, scores={"correct": 99})
    assert overall(story) == (99.0, "green" if whole else "amber", whole)


def test_a_correction_does_not_hide_a_wrong_identifier(story: Story) -> None:
    story.delivery(NIGHT, GOOD_CLOCK, ("clean.format", "code", 9, 10), scores={"correct": 99})
    story.delivery(
        NIGHT + HOUR, ("clean.format", "code", 1, 1), kind="correction", batch="c1", arrived=False
    )
    assert overall(story) == (99.0, "amber", False)
    story.delivery(NIGHT + 2 * HOUR, GOOD_CLOCK, ("clean.format", "code", 9, 9), batch="b2",
                   scores={"correct": 99})  # fmt: skip
    assert overall(story) == (99.0, "green", True)


# --- from the event to the mart ------------------------------------------------------------------


def times(story: Story) -> list[tuple[Any, ...]]:
    return story.asks(
        "select feed, event_to_arrival_s, is_publication_exact from quality.timeliness"
        " order by arrived_at",
        "timeliness",
    )


def test_a_delivery_is_published_by_the_first_snapshot_that_can_hold_it(story: Story) -> None:
    event = NIGHT - HOUR
    story.delivery(NIGHT, newest_event=event)
    assert times(story) == [("so_a/x", 3600, False)]
    story.snapshot(NIGHT - DAY, "an earlier run")
    assert times(story) == [("so_a/x", 3600, False)]
    # the run that fetched it published nothing; the next one did
    story.snapshot(NIGHT + DAY, "the next run")
    assert times(story) == [("so_a/x", 3600, True)]


def test_what_no_snapshot_had_yet_is_published_by_the_one_that_is_built(story: Story) -> None:
    story.delivery(NIGHT)
    asked = "select arrival_to_publication_s, published_at from quality.timeliness"
    before = datetime.now(UTC)
    ((delay, published),) = story.asks(asked, "timeliness")
    assert before - MINUTE < published < datetime.now(UTC) + MINUTE
    assert delay == pytest.approx((published - NIGHT).total_seconds(), abs=1)
    # and what did have it says so from then on
    story.snapshot(NIGHT + HOUR, "the next run")
    ((delay, published),) = story.asks(asked, "timeliness")
    assert delay == (published - NIGHT).total_seconds()
    assert NIGHT + HOUR <= published <= NIGHT + 2 * HOUR


def test_the_run_that_fetched_it_may_publish_it(story: Story) -> None:
    story.delivery(NIGHT, run="tonight")
    story.snapshot(NIGHT - MINUTE, "tonight")
    assert times(story) == [("so_a/x", None, True)]


def test_what_waits_for_approval_is_not_published(story: Story) -> None:
    waiting = story.delivery(NIGHT, run="tonight", outcome="awaiting_approval", accepts=False)
    story.snapshot(NIGHT - MINUTE, "tonight")
    assert times(story) == []
    story.delivery(NIGHT + DAY, replays=waiting, newest_event=NIGHT - HOUR, run="approved")
    # it counts, and the snapshot of that night did not hold it
    assert times(story) == [("so_a/x", 3600, False)]
    story.snapshot(NIGHT + 2 * DAY, "the night after")
    assert times(story) == [("so_a/x", 3600, True)]


def test_the_same_again_and_corrections_are_no_change_at_the_source(story: Story) -> None:
    story.delivery(NIGHT)
    story.delivery(NIGHT + DAY, outcome="seen_before", accepts=False)
    story.delivery(NIGHT + DAY, kind="correction", batch="c1", arrived=False)
    assert len(times(story)) == 1


# --- decisions -----------------------------------------------------------------------------------


def test_automatic_approvals_are_on_record_with_their_document(story: Story) -> None:
    note = {"approval": {"by": "automatic", "score": 97.5, "document": "Số 1/QĐ"}}
    story.delivery(NIGHT, detail=note)
    story.delivery(NIGHT + DAY, batch="b2", detail={"found": []})
    rows = story.asks(
        "select batch_id, feed, decision, actor, is_authenticated, reason, score, decided_at"
        " from quality.approval",
        "approval",
    )
    decided = NIGHT + 5 * MINUTE
    assert rows == [("b1", "so_a/x", "automatic", None, False, "Số 1/QĐ", 97.5, decided)]


# --- rules that are broken together --------------------------------------------------------------


def test_rules_of_one_row_are_paired(tmp_path: Path) -> None:
    place = {"feed": "f", "batch_id": "b", "source_file": "t.csv", "sheet": None}
    rows = [
        (2, "h2", "a.one"),
        (2, "h2", "b.two"),
        (2, "h2", "c.three"),
        (3, "h3", "b.two"),
        (3, "h3", "a.one"),
        (4, "h4", "a.one"),
        (5, "h5", "c.three"),
    ]
    refused = pl.DataFrame(
        [{**place, "row_number": n, "key_hash": key, "rule": rule} for n, key, rule in rows],
        schema_overrides={"sheet": pl.String},
    )
    found = answers(
        ["rule_pair"],
        {"quality.refused_row": pl.concat([refused, refused[:1]])},
        "select rule_a, rule_b, rows_refused from quality.rule_pair order by all",
    )
    assert found == [("a.one", "b.two", 2), ("a.one", "c.three", 1), ("b.two", "c.three", 1)]


# --- how old what is open is ---------------------------------------------------------------------


def test_open_rows_are_counted_by_agency_dataset_and_class_of_age() -> None:
    """Two feeds of one agency; a feed that is in no catalogue any more; what is closed is not."""
    delivered = [
        ("so_a/x", "so_a", "test.x"),
        ("so_a/x", "so_a", "test.x"),
        ("so_a/y", "so_a", "test.y"),
        ("so_q/x", "so_q", "test.x"),
    ]
    cases = [
        ("so_a/x", "P1", "open", "overdue", 9, True),
        ("so_a/x", "P2", "open", "overdue", 12, True),
        ("so_a/x", "P3", "open", "to_fix", 7, False),
        ("so_a/x", "P4", "corrected", None, 20, False),
        ("so_a/y", "P5", "open", "to_fix", 6, False),
        ("so_q/x", "P6", "open", "to_fix", 8, False),
    ]
    found = answers(
        ["ageing"],
        {
            "quality.delivery": pl.DataFrame(
                delivered, schema=["feed", "agency", "dataset"], orient="row"
            ),
            "catalog.feed": CATALOG["catalog.feed"],
            "ledger.refused_case": pl.DataFrame(
                [
                    {
                        "feed": feed,
                        "batch_id": "b",
                        "ticket": ticket,
                        "status": status,
                        "age_class": age_class,
                        "first_refused_at": NIGHT - days * DAY,
                        "due_at": NIGHT - days * DAY + 10 * DAY,
                        "is_overdue": overdue,
                    }
                    for feed, ticket, status, age_class, days, overdue in cases
                ]
            ),
        },
        "select * from quality.ageing order by agency, dataset, age_class",
    )
    assert found == [
        ("so_a", "Sở A", "test.x", "overdue", 2, 2, NIGHT - 12 * DAY, NIGHT - 2 * DAY),
        ("so_a", "Sở A", "test.x", "to_fix", 1, 0, NIGHT - 7 * DAY, NIGHT + 3 * DAY),
        ("so_a", "Sở A", "test.y", "to_fix", 1, 0, NIGHT - 6 * DAY, NIGHT + 4 * DAY),
        ("so_q", None, "test.x", "to_fix", 1, 0, NIGHT - 8 * DAY, NIGHT + 2 * DAY),
    ]


# --- reports -------------------------------------------------------------------------------------


def test_an_issued_report_is_told_once_without_who_started_it(story: Story) -> None:
    reports = Reports(story.engine)
    for now in (NIGHT, NIGHT + DAY):
        is_new = reports.record(
            "s-1",
            kind="monthly",
            title_vi="Kinh tế - xã hội",
            period="2026-10",
            snapshot_id="s",
            as_of=NIGHT - DAY,
            started_by="schedule",
            actor="somebody",
            figures=3,
            restatements=1,
            manifest_sha256="0" * 64,
            now=now,
        )
        assert is_new is (now == NIGHT)
    tables = {f"ledger.{name}": story.ledger.table(name) for name in LEDGER_EXPORTS}
    assert answers(("report",), tables, "select * from quality.report") == [
        (
            "s-1",
            "monthly",
            "Kinh tế - xã hội",
            "2026-10",
            "s",
            NIGHT - DAY,
            "schedule",
            3,
            1,
            NIGHT,
        )
    ]


# --- alerts --------------------------------------------------------------------------------------


def test_the_delay_of_an_alert_is_measured_from_the_run_that_found_it(story: Story) -> None:
    alerts = Alerts(story.engine)
    event = dict.fromkeys((column.name for column in t.indicator_alert_event.c), "x")
    facts = {"event_no": 1, "event": "opened", "value": 1.5, "bound": 2.0}
    dates = {"period_start": "2026-10-01", "due_on": None, "recorded_at": as_text(NIGHT)}
    alerts.record([{**event, "alert_id": "X/33/1", **facts, **dates}])
    alerts.record_told("lanh_dao", [("X/33/1", "opened")], problem="no server", now=NIGHT + MINUTE)
    alerts.record_told("lanh_dao", [("X/33/1", "opened")], problem="", now=NIGHT + DAY)
    kinds = {
        **dict.fromkeys(("indicator_code", "unit_id", "kind", "severity"), pl.String),
        **dict.fromkeys(("period_type", "document"), pl.String),
        **dict.fromkeys(("value", "bound"), pl.Float64),
        **dict.fromkeys(("period_start", "due_on"), pl.Date),
        "is_breached": pl.Boolean,
    }
    tables = {f"ledger.{name}": story.ledger.table(name) for name in LEDGER_EXPORTS}
    tables["quality.indicator_check"] = pl.DataFrame(schema=kinds)
    rows = answers(
        ("indicator_alert_event", "alert_notification"),
        tables,
        "select sink, event, is_told, delay_s from quality.alert_notification order by tried_at",
    )
    assert rows == [("lanh_dao", "opened", False, 60), ("lanh_dao", "opened", True, 86_400)]


def test_what_a_build_says_of_alerts_is_what_the_next_one_begins_with(
    story: Story, tmp_path: Path
) -> None:
    """Through the file and the ledger and back: the same facts are no change."""
    check = pl.DataFrame(
        {
            "indicator_code": ["X", "Y"],
            "unit_id": ["33", "33"],
            "kind": ["target_missed", "period_missing"],
            "severity": ["warning", "warning"],
            "period_type": ["month", "month"],
            "period_start": [date(2026, 10, 1), date(2026, 10, 1)],
            "value": [100 / 3, None],
            "bound": [90.1, None],
            "due_on": [None, date(2026, 11, 15)],
            "document": ["Nghị quyết 1", "Biểu"],
            "is_breached": [True, True],
        }
    )
    facts = {"IOC_SNAPSHOT_ID": "s1", "IOC_BUILT_AT": as_text(NIGHT)}

    def events(snapshot: str) -> list[dict[str, Any]]:
        tables = {f"ledger.{name}": story.ledger.table(name) for name in LEDGER_EXPORTS}
        tables["quality.indicator_check"] = check
        path = tmp_path / f"{snapshot}.duckdb"
        rows = answers(
            ("indicator_alert_event",),
            tables,
            "select * from quality.indicator_alert_event",
            {**facts, "IOC_SNAPSHOT_ID": snapshot},
            path,
        )
        assert len(rows) == 2
        return new_alert_events(path, snapshot)

    found = events("s1")
    assert [event["recorded_at"] for event in found] == [as_text(NIGHT)] * 2
    assert [event["value"] for event in found] == [100 / 3, None]
    Alerts(story.engine).record(found)
    assert events("s2") == []
    with pytest.raises(sa.exc.IntegrityError):
        Alerts(story.engine).record(found)


# --- runs ----------------------------------------------------------------------------------------


def test_how_reliable_a_job_is_counts_thirty_days_and_no_cancelled_run(story: Story) -> None:
    facts = {"IOC_BUILT_AT": NIGHT.isoformat()}
    for number, (days, status, minutes) in enumerate(
        [
            (40, "failed", 1),
            (29, "succeeded", 10),
            (3, "succeeded", 20),
            (2, "canceled", 500),
            (1, "failed", 1),
        ]
    ):
        began = NIGHT - days * DAY
        row = {
            "run_id": str(number),
            "job": "nightly_refresh",
            "trigger": "schedule",
            "status": status,
            "started_at": as_text(began),
            "ended_at": as_text(began + minutes * MINUTE),
            "problem": "",
        }
        Runs(story.engine).record([row])
    sql = """select runs, succeeded, success_percent, median_duration_s, p95_duration_s,
        last_succeeded_at, last_failed_at from quality.run_summary"""
    tables = {"ledger.run": story.ledger.table("run")}
    ((runs, succeeded, percent, median, p95, good, bad),) = answers(
        ["run", "run_summary"], tables, sql, facts
    )
    assert (runs, succeeded) == (3, 2)
    assert percent == pytest.approx(200 / 3)
    assert (median, p95) == (900, pytest.approx(1170))
    assert good == NIGHT - 3 * DAY + 20 * MINUTE
    assert bad == NIGHT - DAY + MINUTE


# --- rehearsals of a restore ---------------------------------------------------------------------


def test_a_rehearsal_is_published_as_the_ledger_has_it(story: Story) -> None:
    equal = {
        "drill_id": "20261121T220000-1",
        "backup_id": "6feafa14",
        "backup_taken_at": as_text(NIGHT - DAY),
        "started_at": as_text(NIGHT),
        "ended_at": as_text(NIGHT + MINUTE),
        "duration_s": 59.5,
        "files": 1157,
        "bytes": 5_000_000_000,
        "result": "equal",
        "problem": "",
    }
    nothing = dict.fromkeys(("backup_id", "backup_taken_at", "files", "bytes"))
    failed = {"drill_id": "20261128T220000-2", "result": "failed", "problem": "a part is missing"}
    for row in (equal, {**equal, **nothing, **failed}):
        Drills(story.engine).record(row)
    found = answers(
        ["restore_drill"],
        {"ledger.restore_drill": story.ledger.table("restore_drill")},
        "select result, backup_taken_at, duration_s, bytes, problem from quality.restore_drill"
        " order by drill_id",
    )
    assert found == [
        ("equal", NIGHT - DAY, 59.5, 5_000_000_000, ""),
        ("failed", None, 59.5, None, "a part is missing"),
    ]
