"""What the program says while it works: lines for people, or JSON for a collector of logs.

``IOC_LOG_FORMAT=json`` writes one object a line: ``time``, ``level``, ``message`` and the fields
that the line was given (``run_id``, ``job``, ``feed``, ``outcome``, rows). No value of a row is in
it (DESIGN, rule 11).
"""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime

JSON, TEXT = "json", "text"
_KNOWN = (TEXT, JSON)
_FIELDS = "ioc_fields"


class LogFormatError(ValueError):
    """``IOC_LOG_FORMAT`` says something else than `json` or `text`."""


def line_formatter() -> logging.Formatter:
    """The formatter that ``IOC_LOG_FORMAT`` asks for. Raises LogFormatError."""
    asked = os.environ.get("IOC_LOG_FORMAT") or TEXT
    if asked not in _KNOWN:
        msg = f"IOC_LOG_FORMAT is '{asked}'; it may be {' or '.join(_KNOWN)}"
        raise LogFormatError(msg)
    return _JsonLine() if asked == JSON else _PlainLine()


def with_fields(**fields: object) -> dict[str, object]:
    """``extra`` of a logging call: what the line is about, apart from its words."""
    return {_FIELDS: fields}


def _said(record: logging.LogRecord) -> str:
    """The message without what Dagster puts before it."""
    meta = getattr(record, "dagster_meta", {})
    return str(meta.get("orig_message") or record.getMessage())


class _PlainLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Time and message."""
        return f"{self.formatTime(record, '%H:%M:%S')}  {_said(record)}"


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One JSON object."""
        meta = getattr(record, "dagster_meta", {})
        about = {
            "run_id": meta.get("run_id"),
            "job": meta.get("job_name"),
            "step": meta.get("step_key"),
        }
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": _said(record),
            **{name: value for name, value in about.items() if value},
            **getattr(record, _FIELDS, {}),
        }
        return json.dumps(line, ensure_ascii=False, default=str)
