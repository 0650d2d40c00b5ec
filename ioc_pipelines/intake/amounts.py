"""Numbers as agencies write them, in the contract's unit.

Vietnamese (1.234,5), English (1,234.5) or plain digits as declared; footnote marks around them,
words behind them (1,95 tỷ), marks beside them (Sơ bộ), and the unit they are in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from unicodedata import normalize

import polars as pl

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.catalog.patterns import names_in
from ioc_pipelines.catalog.units import ratio
from ioc_pipelines.intake.text import nfc, single_spaced

_FORMS = {
    "vi": r"^[+-]?([1-9]\d{0,2}(\.\d{3})+|\d+)(,\d+)?$",
    "en": r"^[+-]?([1-9]\d{0,2}(,\d{3})+|\d+)(\.\d+)?$",
    "plain": r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$",
}
# 4.817 is four thousand eight hundred and seventeen in Vietnamese, and less than five elsewhere
_EITHER = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
_FOOTNOTE_BEFORE = r"^\(\s*(\d{1,2}|\*+)\s*\)\s+"
_FOOTNOTE_BEHIND = r"\s*(\(\s*\*+\s*\)|\*+)$|\s+\(\s*\d{1,2}\s*\)$"
_EXACT = pl.Decimal(38, 9)
_FLOAT_SLACK = 2.0**-50  # a few units in the last place of a double


@dataclass(frozen=True)
class Amounts:
    """A column read as numbers.

    ``text`` is null where there is no value to read, ``value`` also where it cannot be read;
    ``status`` is the mark beside the value or the reason for none.
    """

    text: pl.Series
    value: pl.Series
    status: pl.Series


@dataclass(frozen=True)
class Scaling:
    """What a number is multiplied by and divided by, cell by cell: whole numbers, null unknown."""

    times: pl.Series
    over: pl.Series

    @classmethod
    def of(cls, column: Column, table: pl.DataFrame, unit: str | None) -> Scaling:
        """The feed's scale, and its unit at the source against the contract's ``unit``."""
        if column.unit is None or unit is None:
            ratios: dict[str | None, Fraction | None] = {None: Fraction(1)}
            stated = pl.Series([None], dtype=pl.String).new_from_index(0, table.height)
        else:
            names = names_in(column.unit)
            stated = (
                _texts(table[names[0]]) if names else _repeated(column.unit, table.height)
            ).alias("unit")
            ratios = {text: ratio(text, unit) for text in stated.unique().drop_nulls()}
        times = {text: r.numerator * column.scale for text, r in ratios.items() if r is not None}
        over = {text: r.denominator for text, r in ratios.items() if r is not None}
        return cls(_looked_up(stated, times), _looked_up(stated, over))


def amounts(
    column: Column, text: pl.Series, source: pl.Series, scaling: Scaling, kind: pl.DataType
) -> Amounts:
    """Read the cells of one column as ``kind``.

    ``text`` is cleaned, ``source`` as the table has it.
    """
    marked = _Marked.of(column, text, source)
    frame = pl.DataFrame(
        [
            marked.text.alias("text"),
            _exact_number(source).alias("number"),
            (scaling.times * marked.times).alias("times"),
            scaling.over.alias("over"),
        ]
    )
    digits = _digits(column)
    if isinstance(source.dtype, pl.Struct) and _all_numbers(frame):
        digits = pl.lit(None, pl.String)
    if kind.is_integer():
        as_is = (frame["times"] == 1) & (frame["over"] == 1)
        scaled = not as_is.fill_null(value=False).all()  # null: a unit that is not known
        value = _whole(source.dtype, digits, scaled=scaled)
    else:
        value = _number(source.dtype, digits)
    return Amounts(marked.text, frame.select(value.alias("value"))["value"], marked.status)


@dataclass(frozen=True)
class _Marked:
    """Texts without what stands around their number, and what that said."""

    text: pl.Series
    times: pl.Series
    status: pl.Series

    @classmethod
    def of(cls, column: Column, text: pl.Series, source: pl.Series) -> _Marked:
        ones = pl.Series([1], dtype=pl.Int64).new_from_index(0, len(text))
        status = _looked_up_text(single_spaced(nfc(_texts(source))), column.nulls)
        if not text.str.contains(r"[^\d.,+-]").any():
            return cls(text, ones, status)
        if column.marks:
            found = text.str.extract(f"(?i)({_either(column.marks)})")
            marks = {normalize("NFC", k).casefold(): v for k, v in column.marks.items()}
            of_mark = _looked_up_text(found.str.to_lowercase(), marks)
            frame = pl.DataFrame([of_mark.alias("mark"), status.alias("status")])
            status = frame.select(pl.coalesce("mark", "status"))["mark"]
            text = text.str.replace(f"(?i)\\(?({_either(column.marks)})\\)?", "")
        text = text.str.strip_chars().str.replace(_FOOTNOTE_BEFORE, "")
        text = text.str.replace(_FOOTNOTE_BEHIND, "").str.strip_chars()
        text = text.to_frame("x").select(pl.when(pl.col("x") != "").then("x"))["x"]
        times = ones
        if column.words:
            pattern = f"(?i)^(.*[\\d])\\s*({_either(column.words)})$"
            word = text.str.extract(pattern, 2).str.to_lowercase()
            known: Mapping[str | None, int] = {
                normalize("NFC", k).casefold(): v for k, v in column.words.items()
            }
            times = _looked_up(word, {**known, None: 1})
            text = text.str.replace(pattern, "${1}")
        return cls(text, times, status)


def _exact_number(source: pl.Series) -> pl.Series:
    """The cells' own numbers, where the source has numbers."""
    if isinstance(source.dtype, pl.Struct):
        return source.struct.field("number")
    if source.dtype.is_numeric():
        return source
    return pl.Series([None], dtype=pl.Float64).new_from_index(0, len(source))


def _all_numbers(frame: pl.DataFrame) -> bool:
    """Whether every cell that says something is a number: nothing is to be read from text."""
    return not (frame["text"].is_not_null() & frame["number"].is_null()).any()


def _number(kind: pl.DataType, digits: pl.Expr) -> pl.Expr:
    """The value as a float: the cell's own number where the source has numbers."""
    number = digits.cast(pl.Float64, strict=False)
    if isinstance(kind, pl.Struct) or kind.is_numeric():
        number = pl.coalesce(pl.col("number").cast(pl.Float64), number)
    read = pl.when(pl.col("text").is_not_null() & number.is_finite()).then(number)
    return read * pl.col("times") / pl.col("over")


def _whole(kind: pl.DataType, digits: pl.Expr, *, scaled: bool) -> pl.Expr:
    """The value as a whole number.

    Digits are exact or unreadable. A float, as spreadsheets have them, may be off by a few units
    in its last place: 419.278223 million is 419,278,223 whole although the product is not.
    """
    text = pl.col("text")
    if kind.is_integer() or kind.is_decimal():
        digits = pl.when(text.is_not_null()).then(pl.col("number").cast(pl.String))
    digits = digits.str.replace(r"\.0+$", "")
    # a point that is left is a fraction, and no number of its own here
    whole = (_scaled(digits) if scaled else digits).cast(pl.Int64, strict=False)
    is_struct = isinstance(kind, pl.Struct)
    number = _number(kind, digits)
    nearest = number.round(0)
    is_near = (number - nearest).abs() <= nearest.abs() * _FLOAT_SLACK
    rounded = pl.when(is_near).then(nearest).cast(pl.Int64, strict=False)
    if is_struct:  # what a numeric cell says is not how its column is written
        is_float = pl.col("number").is_not_null()
    else:
        is_float = pl.lit(kind.is_float()) | text.str.contains("[eE]").fill_null(value=False)
    return pl.when(is_float).then(rounded).otherwise(whole)


def _scaled(digits: pl.Expr) -> pl.Expr:
    """Digits times and over the unit's whole numbers, null where that is no whole number."""
    # what Decimal holds after scaling; a longer run of digits is no amount of anything
    room = _EXACT.precision - _EXACT.scale - 1
    length = digits.str.extract(r"^[+-]?(\d+)").str.len_chars()
    fits = digits.str.contains(rf"^[+-]?\d+(\.\d{{1,{_EXACT.scale}}})?$") & (
        length + pl.col("times").cast(pl.String).str.len_chars() <= room
    )
    product = pl.when(fits).then(digits).cast(_EXACT, strict=False) * pl.col("times").cast(_EXACT)
    over = pl.col("over").cast(_EXACT)
    quotient = (product / over).cast(_EXACT)
    return pl.when((quotient * over == product) & (quotient == quotient.round(0))).then(quotient)


def _digits(column: Column) -> pl.Expr:
    """The text as plain digits with a decimal point, null where it is not a number."""
    text = pl.col("text")
    form = _FORMS[column.number or "plain"]
    plain = text
    if column.number == "vi":
        plain = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    elif column.number == "en":
        plain = text.str.replace_all(",", "", literal=True)
    read = pl.when(text.str.contains(form)).then(plain)
    return read if column.number else pl.when(~text.str.contains(_EITHER)).then(read)


def _texts(source: pl.Series) -> pl.Series:
    if isinstance(source.dtype, pl.Struct):
        return source.struct.field("text")
    return source.cast(pl.String)


def _repeated(text: str, count: int) -> pl.Series:
    return pl.Series([text], dtype=pl.String).new_from_index(0, count)


def _looked_up(keys: pl.Series, values: Mapping[str | None, int]) -> pl.Series:
    return keys.replace_strict(values, default=None, return_dtype=pl.Int64)


def _looked_up_text(keys: pl.Series, values: Mapping[str, str]) -> pl.Series:
    if not values:
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(keys))
    return keys.replace_strict(values, default=None, return_dtype=pl.String)


def _either(words: Mapping[str, object]) -> str:
    """A pattern of the words, the longest first."""
    return "|".join(re.escape(normalize("NFC", w)) for w in sorted(words, key=len, reverse=True))
