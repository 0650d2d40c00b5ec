"""A feed of forms by month or quarter: which lie in the drop folder, with which rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from ioc_pipelines.sandbox.answer_key import FeedKey, RefusedRow, refused_in_file
from ioc_pipelines.sandbox.defects import Defect, Share, plant
from ioc_pipelines.sandbox.drop import put
from ioc_pipelines.sandbox.form import Form, workbook
from ioc_pipelines.sandbox.world import EPOCH, World, number


def drop_forms(
    root: Path,
    world: World,
    *,
    feed: str,
    rows: pl.DataFrame,
    defects: Sequence[Defect],
    share: Share,
    form: Form,
    sheet: str,
    file: str,
    period: str,
) -> FeedKey:
    """Write one workbook for each ``period`` (a month's first day) of ``rows``; the answers.

    ``rows`` have ``block`` (the day number they are filed on), ``nth`` and the form's columns as
    text. ``file`` and ``period`` are forms of the month: ``x-%Y-%m.xlsx``, ``Tháng %m/%Y``; ``<m>``
    is the month without its zero, ``<q>`` the quarter.
    """
    planted = plant(rows, defects, share, feed=feed, world=world)
    filed = dict(rows.select("period", "block").unique().iter_rows())
    refused: list[RefusedRow] = []
    for (month,), part in planted.group_by("period", maintain_order=True):
        path = _in_words(month, file)
        day = EPOCH + timedelta(days=filed[month])
        content = workbook(
            form, _in_words(month, period), {sheet: part}, filed=day, number=month.month
        )
        put(root / path, content, number(day), world)
        refused += refused_in_file(part, path, first_row=form.first_row, sheet=sheet)
    return FeedKey.of(planted, refused)


def _in_words(month: date, form: str) -> str:
    """``%-m`` is not known everywhere, and a quarter has no sign of its own."""
    quarter = (month.month + 2) // 3
    return f"{month:{form}}".replace("<m>", str(month.month)).replace("<q>", str(quarter))
