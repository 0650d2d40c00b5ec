"""Who is still to be told of which alert about an indicator: each once opened, once closed."""

from __future__ import annotations

import polars as pl

from ioc_pipelines.catalog.models import AlertSink


def notices_due(alerts: pl.DataFrame, told: pl.DataFrame, sink: AlertSink) -> pl.DataFrame:
    """The alerts that a sink is to be told of now: those of ``alerts`` with ``event``.

    ``alerts``: ``marts.indicator_alert``; ``told``: the ledger's ``alert_notification``. An alert
    is due as ``opened`` while it is open and as the sink wants it, as ``closed`` to whoever was
    told of its opening. What failed is due again.
    """
    done = told.filter(sink=sink.name, problem="")
    knows = {
        event: done.filter(event=event).select("alert_id").unique()
        for event in ("opened", "closed")
    }
    opened = alerts.filter(status="open").filter(_wanted(sink))
    opened = opened.join(knows["opened"], on="alert_id", how="anti")
    closed = alerts.filter(status="closed").join(knows["opened"], on="alert_id", how="semi")
    closed = closed.join(knows["closed"], on="alert_id", how="anti")
    return pl.concat(
        [opened.with_columns(event=pl.lit("opened")), closed.with_columns(event=pl.lit("closed"))]
    )


def _wanted(sink: AlertSink) -> pl.Expr:
    """Whether an alert is one of those that the sink asks for."""
    chosen = [
        *_is_among("severity", sink.severities),
        *_is_among("owner_agency", sink.agencies),
        *_is_among("unit_level", sink.levels),
        *_has_one_of("kinds", sink.kinds),
        *_has_one_of("scenarios", sink.scenarios),
    ]
    return pl.all_horizontal(pl.lit(value=True), *chosen)


def _is_among(column: str, wanted: tuple[str, ...]) -> list[pl.Expr]:
    return [pl.col(column).is_in(wanted)] if wanted else []


def _has_one_of(column: str, wanted: tuple[str, ...]) -> list[pl.Expr]:
    has = pl.col(column).str.split(", ").list.eval(pl.element().is_in(wanted)).list.any()
    return [has] if wanted else []
