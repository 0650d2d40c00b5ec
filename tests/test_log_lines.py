"""What the program says while it works: for people, and as JSON for a collector of logs."""

import json
import logging

import dagster as dg
import pytest

from ioc_pipelines.log_lines import LogFormatError, line_formatter, with_fields
from ioc_pipelines.orchestration.progress import operator_logger
from tests.orchestration.deployments import PHONE


@dg.op
def work(context: dg.OpExecutionContext) -> None:
    context.log.info("so_a/x accepted", extra=with_fields(feed="so_a/x", rows_received=3))


@dg.op
def fail() -> None:
    raise ValueError(PHONE)


@dg.job(logger_defs={"operator": operator_logger})
def works() -> None:
    work()


@dg.job(logger_defs={"operator": operator_logger})
def fails() -> None:
    fail()


def said_by(job: dg.JobDefinition, capsys: pytest.CaptureFixture[str]) -> tuple[str, list[str]]:
    capsys.readouterr()
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(
            instance=instance, run_config={"loggers": {"operator": {}}}, raise_on_error=False
        )
    return done.run_id, capsys.readouterr().err.splitlines()


def test_a_line_of_a_run_is_one_object_with_its_fields(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IOC_LOG_FORMAT", "json")
    run_id, (line,) = said_by(works, capsys)
    told = json.loads(line)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "info",
        "message": "so_a/x accepted",
        "run_id": run_id,
        "job": "works",
        "step": "work",
        "feed": "so_a/x",
        "rows_received": 3,
    }


def test_for_people_it_is_time_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    _, (line,) = said_by(works, capsys)
    assert line[8:] == "  so_a/x accepted"


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_an_error_said_is_in_no_line(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IOC_LOG_FORMAT", form)
    _, lines = said_by(fails, capsys)
    assert PHONE not in "\n".join(lines)


def test_an_unknown_form_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOC_LOG_FORMAT", "xml")
    with pytest.raises(LogFormatError, match="'xml'; it may be text or json"):
        line_formatter()


def test_what_breaks_a_line_stays_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOC_LOG_FORMAT", "json")
    record = logging.LogRecord("x", logging.WARNING, "", 0, "một\nhai %s", ("ba",), None)
    line = line_formatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "một\nhai ba"
