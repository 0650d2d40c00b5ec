"""Rules about a batch and the one before it, for contracts to list in ``__batch_rules__``.

Each function makes one rule. Messages are for the officer who sent the batch; a contract may word
them for its own dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import polars as pl

from contracts.base import BatchContext, BatchFinding, BatchRule, Rule
from contracts.periods import Every, first_days, labels, ordinals

_SHOWN = 10

Spoilt = tuple[pl.DataFrame, BatchContext]


def units_reported(
    *,
    unit: str,
    period: str,
    every: Every,
    reference: str,
    on_map_of: Literal["arrival", "period"] = "arrival",
    rule_id: str = "complete.every_unit_reported",
    message_vi: str = "Có đơn vị chưa báo cáo trong kỳ",
) -> BatchRule:
    """Each unit of ``reference`` reports in each period of the batch (H18).

    ``on_map_of``: the units that exist when the batch arrives, or those active on the first day of
    each period, for series that keep the units of their time.
    """

    def judge(frame: pl.DataFrame, context: BatchContext) -> BatchFinding:
        periods = frame[period].unique().sort()
        days = first_days(periods, every)
        spans = pl.DataFrame({period: periods, "day": days}).drop_nulls("day")
        if on_map_of == "arrival":
            units = pl.DataFrame({unit: context.references[reference].unique()})
            expected = spans.join(units, how="cross")
        else:
            known = context.validity[reference].rename({"code": unit})
            is_over = (pl.col("valid_to") < pl.col("day")).fill_null(value=False)
            active = (pl.col("valid_from") <= pl.col("day")) & ~is_over
            expected = spans.join(known, how="cross").filter(active).unique([period, unit])
        reported = frame.select(period, unit).unique()
        missing = expected.join(reported, on=[period, unit], how="anti").sort(period, unit)
        shown = missing.select(period, unit).head(_SHOWN).rows()
        return BatchFinding(
            expected.height - missing.height,
            expected.height,
            "; ".join(f"{when}: {who}" for when, who in shown),
        )

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        silent = (pl.col(unit) == frame[unit].min()) & (pl.col(period) == frame[period].max())
        return frame.filter(~silent.fill_null(value=False)), context

    return BatchRule(Rule(rule_id, unit, message_vi), judge, spoil)


def periods_without_gaps(
    *,
    period: str,
    every: Every,
    rule_id: str = "complete.no_missing_period",
    message_vi: str = "Thiếu kỳ báo cáo ở giữa chuỗi",
) -> BatchRule:
    """The periods between the first and the last of the batch are all there (T06).

    Nor is one left out between the last of the batch before and the first of this one.
    """

    def judge(frame: pl.DataFrame, context: BatchContext) -> BatchFinding:
        found = ordinals(frame[period], every).drop_nulls().unique().sort()
        if found.is_empty():
            return BatchFinding(0, 1, "không có kỳ nào")
        start, end = int(found[0]), int(found[-1])
        if context.previous is not None:
            before = ordinals(context.previous.select(period).collect()[period], every).max()
            start = min(start, int(before) + 1) if isinstance(before, int) else start
        wanted = pl.int_range(start, end + 1, eager=True)
        missing = wanted.filter(~wanted.is_in(found.to_list()))
        shown = labels(missing.head(_SHOWN), every)
        return BatchFinding(wanted.len() - missing.len(), wanted.len(), ", ".join(shown))

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        inner = frame[period].unique().sort()[1:-1]
        return frame.filter(~pl.col(period).is_in(inner.head(1).to_list())), context

    return BatchRule(Rule(rule_id, period, message_vi), judge, spoil)


def null_share(
    column: str,
    *,
    by: str,
    at_most: float,
    min_rows: int = 20,
    rule_id: str | None = None,
    message_vi: str = "{title} bị trống quá nhiều ở một số đơn vị, nhóm, tuy cả tệp nhìn chung đủ; "
    "kiểm tra các đơn vị, nhóm đó có thiếu cột hoặc lệch cột",
) -> BatchRule:
    """No group of ``by`` lacks ``column`` more often than ``at_most``: the batch is held.

    Catches the column that went missing for one province or one commune though the file as a whole
    looks fine. Groups of fewer than ``min_rows`` rows say nothing.
    """

    def judge(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
        groups = (
            frame.group_by(by)
            .agg(pl.col(column).is_null().mean().alias("share"), pl.len().alias("rows"))
            .filter(pl.col("rows") >= min_rows)
        )
        over = groups.filter(pl.col("share") > at_most).sort(by)
        shown = over.head(_SHOWN).rows()
        said = "; ".join(
            f"{'không ghi' if group is None else group}: trống {_percent(share)}"
            for group, share, _ in shown
        )
        said = f"{said}; mức cho phép {_percent(at_most)}" if said else ""
        return BatchFinding(groups.height - over.height, groups.height, said)

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        largest = frame[by].drop_nulls().mode().sort()[0]
        emptied = pl.when(pl.col(by) != largest).then(column).alias(column)
        return frame.with_columns(emptied), context

    name = rule_id or f"complete.null_share_of_{column}"
    return BatchRule(Rule(name, column, message_vi), judge, spoil, holds=True)


def row_count_as_before(
    *,
    at_least: float = 0.5,
    at_most: float = 2.0,
    message_vi: str = "Số dòng khác hẳn so với lần gửi trước: kiểm tra có thiếu hoặc thừa tệp, "
    "trang tính",
) -> BatchRule:
    """As many rows as the batch before, within these factors: else the batch is held.

    For feeds that send the whole set each time; one that sends changes has no such size.
    """

    def judge(frame: pl.DataFrame, context: BatchContext) -> BatchFinding:
        before = _height(context.previous)
        if not before:
            return BatchFinding(0, 0)
        fits = at_least <= frame.height / before <= at_most
        return BatchFinding(int(fits), 1, "" if fits else f"{frame.height} dòng, trước: {before}")

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        again = round(2 / at_least) + 1
        return frame, replace(context, previous=pl.concat([frame.lazy()] * again))

    return BatchRule(Rule("complete.row_count", None, message_vi), judge, spoil, holds=True)


def magnitude_as_before(
    column: str,
    *,
    by: str | None = None,
    factor: float = 10.0,
    message_vi: str = "{title} khác hẳn lần gửi trước: có thể nhầm đơn vị tính",
) -> BatchRule:
    """The median of ``column`` is within ``factor`` of that of the batch before: else it is held.

    A figure in thousands where there were units before is out by a thousand in every row, and
    passes every range. ``by``: compared for each group both batches have.
    """
    grouped = [by] if by else []

    def medians(frame: pl.LazyFrame) -> pl.DataFrame:
        amount = pl.col(column).cast(pl.Float64).abs()
        positive = frame.filter(amount > 0)
        keys = [pl.col(name) for name in grouped] or [pl.lit(0).alias("_all")]
        return positive.group_by(keys).agg(amount.median().alias("median")).collect()

    def judge(frame: pl.DataFrame, context: BatchContext) -> BatchFinding:
        if context.previous is None:
            return BatchFinding(0, 0)
        on = grouped or ["_all"]
        both = medians(frame.lazy()).join(medians(context.previous), on=on, suffix="_before")
        ratio = pl.col("median") / pl.col("median_before")
        off = both.filter((ratio > factor) | (ratio < 1 / factor)).sort(on)
        shown = off.head(_SHOWN).select(*on, "median_before", "median").rows()
        said = "; ".join(
            (f"{key}: " if by else "") + f"{_number(was)} → {_number(now)}"
            for key, was, now in shown
        )
        return BatchFinding(both.height - off.height, both.height, said)

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        amount = pl.col(column).cast(pl.Float64) + 1
        smaller = frame.lazy().with_columns((amount / (factor * 100)).alias(column))
        rows = frame.with_columns(
            pl.when(pl.col(column) == 0).then(1).otherwise(column).cast(frame.schema[column])
        )
        return rows, replace(context, previous=smaller)

    name = f"correct.magnitude_of_{column}"
    return BatchRule(Rule(name, column, message_vi), judge, spoil, holds=True)


def accumulates(
    amounts: Sequence[str],
    *,
    by: Sequence[str],
    period: str,
    every: Every,
    within_year: bool = False,
    message_vi: str = "Số lũy kế giảm so với kỳ trước",
) -> BatchRule:
    """Each of ``amounts`` is counted from a start: of no ``by`` it falls from a period to the next.

    ``within_year``: it starts anew each January. Which of two periods is wrong is not known, so
    none is refused. ``by`` and ``period`` are the contract's key.
    """
    groups = list(by)

    def steps(frame: pl.DataFrame, amount: str) -> pl.DataFrame:
        """Each row that has a period before it, which, and what the amount was in that."""
        year = pl.col(period).cast(pl.String).str.slice(0, 4)
        told = frame.with_columns(
            ordinals(frame[period], every).alias("_n"),
            (year if within_year else pl.lit("")).alias("_start"),
            pl.col(amount).cast(pl.Float64).alias("_now"),
        )
        told = told.drop_nulls(["_n", "_now"]).unique([*groups, "_n"], keep="none")
        before = pl.col("_n", "_now").shift().over([*groups, "_start"], order_by="_n")
        return told.with_columns(before.name.suffix("_before")).drop_nulls("_n_before")

    def judge(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
        told = pl.concat(
            steps(frame, amount).with_columns(_of=pl.lit(amount)) for amount in amounts
        )
        fell = told.filter(pl.col("_now") < pl.col("_now_before")).sort(period, *groups, "_of")
        # where it fell, not what it was: the amounts may be of a few persons (DESIGN, rule 11)
        shown = fell.head(_SHOWN).select(period, *groups, "_of").rows()
        said = "; ".join("/".join(map(str, at)) for at in shown)
        return BatchFinding(told.height - fell.height, told.height, said)

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        low = steps(frame, amounts[0]).sort("_now", "_n").row(0, named=True)
        high = frame.filter(pl.col(amounts[0]) == pl.col(amounts[0]).max()).row(0, named=True)
        is_before = pl.lit(ordinals(frame[period], every) == low["_n_before"])
        there = is_before & pl.all_horizontal(pl.col(name) == low[name] for name in groups)
        return frame.with_columns(
            pl.when(there).then(pl.lit(high[name], frame.schema[name])).otherwise(name).alias(name)
            for name in _beside(frame)
        ), context

    def mend(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.col(name).first().over(groups) for name in _beside(frame))

    def _beside(frame: pl.DataFrame) -> list[str]:
        return [name for name in frame.columns if name not in (*groups, period)]

    return BatchRule(Rule("correct.accumulates", amounts[0], message_vi), judge, spoil, mend=mend)


def coverage_kept(
    columns: Sequence[str],
    *,
    message_vi: str = "Có đơn vị đã gửi lần trước nay không còn trong dữ liệu",
) -> BatchRule:
    """Whatever these ``columns`` named in the batch before, they name in this one (H57)."""
    names = list(columns)

    def judge(frame: pl.DataFrame, context: BatchContext) -> BatchFinding:
        if context.previous is None:
            return BatchFinding(0, 0)
        before = context.previous.select(names).unique().drop_nulls().collect()
        gone = before.join(frame.select(names).unique(), on=names, how="anti").sort(names)
        shown = ("/".join(map(str, row)) for row in gone.head(_SHOWN).rows())
        return BatchFinding(before.height - gone.height, before.height, ", ".join(shown))

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        gone = frame.head(1).with_columns(
            pl.lit("-1").cast(frame.schema[name], strict=False).alias(name) for name in names
        )
        return frame, replace(context, previous=pl.concat([frame, gone]).lazy())

    return BatchRule(Rule("complete.coverage_kept", names[0], message_vi), judge, spoil)


def _height(frame: pl.LazyFrame | None) -> int:
    return 0 if frame is None else int(frame.select(pl.len()).collect().item())


def _number(value: float) -> str:
    """A number as it is written in Viet Nam."""
    return f"{value:,.6g}".translate(str.maketrans(",.", ".,"))


def _percent(share: float) -> str:
    return f"{_number(round(100 * share, 1))} %"
