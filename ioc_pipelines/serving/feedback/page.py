"""One page about the refused rows of a batch: how many, by which rule, in which file, what to do.

It opens without a network and holds no value of a row.
"""

from __future__ import annotations

import polars as pl

from contracts.base import VIETNAM
from ioc_pipelines.intake.pack_form import MOST_ROWS
from ioc_pipelines.serving.feedback.pack import About
from ioc_pipelines.serving.templates import templates

_MOST_FILES = 100


def summary_page(about: About, refusals: pl.DataFrame, pack_name: str) -> str:
    """The HTML text; ``refusals`` as published, of rows that have a ticket."""
    environment = templates()
    told = refusals.filter(pl.col("ticket").is_not_null())
    return environment.get_template("feedback/summary.html.jinja").render(
        about=about,
        received=f"{about.received_at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}",
        due=f"{about.due_at.astimezone(VIETNAM):%d/%m/%Y}" if about.due_at else None,
        rows=told["ticket"].n_unique(),
        most=MOST_ROWS,
        rules=_counted(told, ["rule", "message_vi"]),
        files=_counted(told, ["source_file", "sheet"])[:_MOST_FILES],
        pack_name=pack_name,
    )


def _counted(told: pl.DataFrame, by: list[str]) -> list[dict[str, object]]:
    counted = told.group_by(by).agg(pl.col("ticket").n_unique().alias("rows"))
    return counted.sort("rows", *by, descending=[True, *(False for _ in by)]).to_dicts()
