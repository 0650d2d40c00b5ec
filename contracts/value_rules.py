"""Rules that need a row's neighbours, and refuse the rows that break them.

Each function makes one rule, for contracts to list in ``__batch_rules__``. What one row alone can
tell is a check of the contract itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from contracts.base import VIETNAM, BatchContext, BatchFinding, BatchRule, Rule

_SHOWN = 10
_SHORT_YEAR, _CENTURY = 2, 2000
_LETTER, _DIGITS = r"\p{L}", r"[0-9]+"

Spoilt = tuple[pl.DataFrame, BatchContext]


def residue(
    column: str,
    *,
    at_least: int = 5,
    words: Sequence[str] = (),
    message_vi: str = "{title} chứa giá trị giống số liệu của cột khác: dòng có thể bị lệch cột",
) -> BatchRule:
    """Values of one form that recur in a free-text or overflow ``column`` have landed there.

    The form of a value is each letter as ``a`` and each run of digits as ``9``: 12.5 and 410.25 are
    alike. People's own words differ in form; ``at_least`` values of one form that has digits and no
    two words are figures, dates or codes of another column. So are ``at_least`` cells that say
    nothing but one of ``words``, those of the closed lists beside it, as the source writes them.
    """
    listed = sorted({word.lower() for word in words})

    def judge(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
        text = pl.col(column).str.strip_chars()
        form = text.str.replace_all(_LETTER, "a").str.replace_all(_DIGITS, "9")
        is_figure = form.str.contains("9") & ~form.str.contains(r"a.*\s.*a")
        recurs = pl.len().over(form) >= at_least
        is_word = text.str.to_lowercase().is_in(listed)
        is_residue = (is_figure & recurs) | (is_word & (is_word.sum() >= at_least))
        rows = frame.select(is_residue.fill_null(value=False).alias("residue"))
        return _of_rows(frame, rows.to_series())

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        at = pl.int_range(pl.len())
        moved = pl.when(at < at_least).then(pl.format("{}.5", at + 10)).otherwise(column)
        return frame.with_columns(moved.alias(column)), context

    return BatchRule(Rule(f"clean.residue_in_{column}", column, message_vi), judge, spoil)


def not_stuck(
    value: str,
    *,
    sensor: str,
    time: str,
    at_most: int,
    message_vi: str = "Cảm biến lặp lại đúng một giá trị quá nhiều lần liên tiếp",
) -> BatchRule:
    """No sensor repeats one ``value``, zero included, more than ``at_most`` times running.

    A run that began in the batch before goes on; only the rows of this batch are refused.
    """

    def judge(frame: pl.DataFrame, context: BatchContext) -> BatchFinding:
        told = frame.select(sensor, time, value).with_row_index("_at")
        if context.previous is not None:
            before = context.previous.select(sensor, time, value).collect()
            told = pl.concat(
                [told, before.join(told, on=[sensor, time], how="anti")], how="diagonal"
            )
        ordered = told.sort(sensor, time)
        changed = (pl.col(value).ne_missing(pl.col(value).shift())) | (
            pl.col(sensor).ne_missing(pl.col(sensor).shift())
        )
        runs = ordered.with_columns(changed.cum_sum().alias("_run"))
        stuck = (pl.len().over("_run") > at_most) & pl.col(value).is_not_null()
        own = runs.with_columns(stuck.alias("_stuck")).drop_nulls("_at").sort("_at")
        return _of_rows(frame, own["_stuck"], sensor)

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        busiest = frame[sensor].drop_nulls().mode().sort()[0]
        constant = frame.filter(pl.col(sensor) == busiest)[value].drop_nulls().head(1)
        stuck = pl.when(pl.col(sensor) == busiest).then(pl.lit(constant.item()))
        return frame.with_columns(stuck.otherwise(value).alias(value)), context

    return BatchRule(Rule(f"correct.stuck_{value}", value, message_vi), judge, spoil)


def roll_up_left_out(
    amount: str,
    *,
    by: Sequence[str],
    tolerance: float = 1e-6,
    message_vi: str = "Dòng bằng tổng các dòng khác: dòng tổng cộng không được gửi như một đơn vị",
) -> BatchRule:
    """No row is the sum of all others of its group: a total sent as a unit is counted twice.

    Says nothing where fewer than three others have a figure that is not zero: of a few, one may be
    the sum of the others by chance.
    """
    groups = list(by)

    def judge(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
        value = pl.col(amount).cast(pl.Float64)
        others = value.sum().over(groups) - value
        is_sum = (value - others).abs() <= tolerance * value.abs()
        enough = ((value != 0).sum().over(groups) > 3) & (value != 0)
        rows = frame.select((is_sum & enough).fill_null(value=False).alias("sum")).to_series()
        return _of_rows(frame, rows)

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        fullest = frame.group_by(groups, maintain_order=True).len().sort("len")[-1]
        group = frame.join(fullest, on=groups, how="semi", maintain_order="left")
        rest = frame.join(fullest, on=groups, how="anti", maintain_order="left")
        others = group[1:].with_columns(pl.lit(1).cast(frame.schema[amount]).alias(amount))
        total = group[:1].with_columns(
            pl.lit(others.height).cast(frame.schema[amount]).alias(amount)
        )
        return pl.concat([total, others, rest]), context

    return BatchRule(Rule(f"clean.roll_up_of_{amount}", amount, message_vi), judge, spoil)


def unit_allowed(
    unit: str,
    *,
    parameter: str,
    allowed: Mapping[str, Sequence[str]],
    rule_id: str = "correct.unit_of_parameter",
    message_vi: str = "Đơn vị tính không đúng với đơn vị quy định của chỉ tiêu",
) -> BatchRule:
    """Each ``parameter`` comes in a unit that is ``allowed`` for it; an unknown one says nothing.

    A figure in another unit would be out by a thousand, unseen.
    """
    pairs = pl.DataFrame(
        [(name, one) for name, several in allowed.items() for one in several],
        schema={parameter: pl.String, unit: pl.String},
        orient="row",
    )

    def judge(frame: pl.DataFrame, _: BatchContext) -> BatchFinding:
        fits = frame.select(pl.struct(parameter, unit).is_in(pairs.to_struct().implode()))
        known = frame[parameter].is_in(list(allowed)) & frame[unit].is_in(pairs[unit].to_list())
        return _of_rows(frame, known & ~fits.to_series())

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        first = frame[parameter][0]
        other = pairs.filter(~pl.col(unit).is_in(list(allowed[first])))[unit][0]
        at_first = pl.int_range(pl.len()) == 0
        return frame.with_columns(
            pl.when(at_first).then(pl.lit(other)).otherwise(unit).alias(unit)
        ), context

    return BatchRule(Rule(rule_id, unit, message_vi), judge, spoil)


def year_of_code(
    code: str,
    *,
    date: str,
    pattern: str,
    message_vi: str = "Năm trong mã không khớp với ngày",
) -> BatchRule:
    """The year within ``code``, the first group of ``pattern``, is that of ``date``.

    Two digits are a year of this century. A date after the arrival says nothing: that it is wrong
    is said by its own rule.
    """

    def judge(frame: pl.DataFrame, context: BatchContext) -> BatchFinding:
        written = pl.col(code).str.extract(pattern)
        century = pl.when(written.str.len_chars() == _SHORT_YEAR).then(_CENTURY).otherwise(0)
        differs = written.cast(pl.Int32, strict=False) + century != pl.col(date).dt.year()
        arrived = context.arrived_at.astimezone(VIETNAM).replace(tzinfo=None)
        has_been = pl.col(date).cast(pl.Datetime("us")) <= arrived
        rows = frame.select((differs & has_been).fill_null(value=False).alias("differs"))
        return _of_rows(frame, rows.to_series())

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        at_first = pl.int_range(pl.len()) == 0
        other = _a_year_earlier(frame[code][0], pattern)
        return frame.with_columns(
            pl.when(at_first).then(pl.lit(other)).otherwise(code).alias(code)
        ), context

    return BatchRule(Rule(f"correct.year_of_{code}", code, message_vi), judge, spoil)


def exists_in(
    column: str,
    *,
    dataset: str,
    dataset_column: str | None = None,
    message_vi: str = "{title} không có trong dữ liệu đã tiếp nhận của bộ dữ liệu {dataset}",
) -> BatchRule:
    """Each value of ``column`` is one that ``dataset`` has: a reference between datasets.

    Says nothing before anything of that dataset is accepted, nor where no list of it is at hand.
    """
    reference = f"{dataset}.{dataset_column or column}"

    def judge(frame: pl.DataFrame, context: BatchContext) -> BatchFinding:
        known = context.references.get(reference)
        if known is None or known.is_empty():
            return BatchFinding(0, 0)
        unknown = frame[column].is_not_null() & ~frame[column].is_in(known.implode())
        return _of_rows(frame, unknown)

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        said = frame[column].drop_nulls().unique().sort()
        listed = context.references.get(reference)
        known = said if listed is None else listed
        known = known.filter(known != said[0])
        return frame, replace(context, references={**context.references, reference: known})

    said = message_vi.replace("{dataset}", dataset)
    rule = Rule(f"correct.{column}_exists", column, said)
    return BatchRule(rule, judge, spoil, looks_in=(reference,))


def not_listed(
    column: str,
    *,
    reference: str,
    rule_id: str,
    message_vi: str,
) -> BatchRule:
    """No value of ``column`` stands in the reference list; a list that is not there is empty."""

    def judge(frame: pl.DataFrame, context: BatchContext) -> BatchFinding:
        listed = context.references.get(reference, pl.Series(dtype=pl.String))
        return _of_rows(frame, frame[column].is_in(listed.implode()))

    def spoil(frame: pl.DataFrame, context: BatchContext) -> Spoilt:
        first = frame[column].drop_nulls().unique().sort()[:1]
        return frame, replace(context, references={**context.references, reference: first})

    return BatchRule(Rule(rule_id, column, message_vi), judge, spoil)


def _a_year_earlier(text: str, pattern: str) -> str:
    """A code with the year before the one that it holds."""
    found = re.search(pattern, text)
    if found is None:
        return text
    year = str(int(found[1]) - 1).zfill(len(found[1]))
    return text[: found.start(1)] + year + text[found.end(1) :]


def _of_rows(frame: pl.DataFrame, broken: pl.Series, shown: str | None = None) -> BatchFinding:
    """A finding about rows. Only column ``shown`` is named: a cell may be personal (rule 11)."""
    count = int(broken.sum())
    named = frame.filter(broken)[shown].unique().sort().head(_SHOWN).to_list() if shown else []
    said = f"{count} dòng" + (f": {', '.join(map(str, named))}" if named else "")
    return BatchFinding(frame.height - count, frame.height, said if count else "", broken)
