"""Show an operator on stderr what a run is doing, one line a step, without the event log."""

from __future__ import annotations

import logging

import dagster as dg

from ioc_pipelines.log_lines import line_formatter


class _OperatorLines(logging.Filter):
    """Pass what the pipeline itself says; Dagster's own events and book-keeping stay in its log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the operator sees the record."""
        meta = getattr(record, "dagster_meta", {})
        is_ours = meta.get("step_key") or record.levelno >= logging.ERROR
        return bool(is_ours) and not meta.get("dagster_event") and not _is_consequence(meta)


def _is_consequence(meta: dict[str, str]) -> bool:
    """Steps that did not run because one before them failed: the failure itself was said."""
    return str(meta.get("orig_message", "")).startswith("Dependencies for step")


@dg.logger({}, description="Một dòng cho mỗi bước, trên stderr")
def operator_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    """A console logger for people."""
    handler = logging.StreamHandler()
    handler.setFormatter(line_formatter())
    handler.addFilter(_OperatorLines())
    logger = logging.Logger("ioc.operator", level=logging.INFO)
    logger.addHandler(handler)
    return logger
