"""Show an operator on stderr what a run is doing, one line a step, without the event log."""

from __future__ import annotations

import logging

import dagster as dg


class _OperatorLines(logging.Filter):
    """Pass what the pipeline itself says, and failures."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the operator sees the record."""
        return not getattr(record, "dagster_meta", {}).get("dagster_event")


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Time and message, without Dagster's prefix."""
        meta = getattr(record, "dagster_meta", {})
        message = meta.get("orig_message") or record.getMessage()
        return f"{self.formatTime(record, '%H:%M:%S')}  {message}"


@dg.logger({}, description="Một dòng cho mỗi bước, trên stderr")
def operator_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    """A console logger for people."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain())
    handler.addFilter(_OperatorLines())
    logger = logging.Logger("ioc.operator", level=logging.INFO)
    logger.addHandler(handler)
    return logger
