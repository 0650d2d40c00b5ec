"""What a rule asks of a cell, in words that an officer can act on."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import polars as pl

from contracts.base import KEY_UNIQUE, REQUIRED, Contract
from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.catalog.units import ratio
from ioc_pipelines.quality.evaluate import READABLE
from ioc_pipelines.quality.taken_keys import KEY_TAKEN
from ioc_pipelines.serving.contract_bounds import bounds_of, is_bound
from ioc_pipelines.serving.contract_form import (
    MAX_AGE,
    NOT_FUTURE,
    REFERENCE,
    ContractForm,
    RuleForm,
    form_of,
)
from ioc_pipelines.serving.pattern_words import pattern_in_words

EXPECTED_SCHEMA = {"rule": pl.String, "column_name": pl.String, "expected_vi": pl.String}
_MOST_VALUES = 30
_NUMBERS = {
    "vi": "ví dụ 1.234,5",
    "en": "ví dụ 1,234.5",
    "plain": "ví dụ 1234.5",
    None: "ví dụ 1234,5 hoặc 1234.5, không có dấu phân cách hàng nghìn",
}
_WHOLE_NUMBERS = {
    "vi": "ví dụ 1.234",
    "en": "ví dụ 1,234",
    "plain": "ví dụ 1234",
    None: "ví dụ 1234, không có dấu phân cách hàng nghìn",
}
_ACROSS = "Xem lại các ô liên quan của dòng cho khớp nhau"
_DATE_PARTS = {
    "%d": "31",
    "%m": "12",
    "%Y": "2026",
    "%H": "08",
    "%M": "30",
    "%S": "00",
    "%G": "2026",
    "%V": "52",
    "%y": "26",
}


def expected(feed: Feed, contract: type[Contract]) -> pl.DataFrame:
    """``rule, column_name, expected_vi``: what each rule asks, where it can be said.

    Values are those that the source itself writes, not what they become.
    """
    form = _form(contract)
    types = {column.name: column.type for column in form.columns}
    rows = [
        (rule.id, rule.column, _asked(rule, feed, form) or _across(rule)) for rule in form.rules
    ]
    rows += [(REQUIRED, name, "Phải có giá trị") for name in types]
    rows += [(READABLE, name, _readable(types[name], feed.columns[name])) for name in types]
    titles = ", ".join(c.title_vi for c in form.columns if c.name in form.key)
    rows.append((KEY_TAKEN.id, None, f"Bộ ({titles}) chưa có ở dòng nào đã được tiếp nhận"))
    rows.append((KEY_UNIQUE, None, f"Mỗi bộ ({titles}) chỉ có một dòng: giữ lại dòng đúng"))
    said = [row for row in rows if row[2]]
    return pl.DataFrame(said, schema=EXPECTED_SCHEMA, orient="row").unique(
        ["rule", "column_name"], keep="first", maintain_order=True
    )


@lru_cache(maxsize=100)
def _form(contract: type[Contract]) -> ContractForm:
    return form_of(contract)


def _asked(rule: RuleForm, feed: Feed, form: ContractForm) -> str | None:
    """One rule; None where its message says all there is to say."""
    asked = rule.parameters
    column = feed.columns.get(rule.column or "")
    if is_bound(rule):
        return _between(rule, column, form)
    match rule.kind:
        case "isin":
            return f"Một trong: {_values(asked['allowed_values'], column)}"
        case "notin":
            return f"Không phải: {_values(asked['forbidden_values'], column)}"
        case "str_matches":
            return _like(str(asked["pattern"]))
        case "str_length":
            return _long(asked.get("min_value"), asked.get("max_value"))
        case "unique":
            return "Mỗi giá trị chỉ có ở một dòng"
        case kind if kind == REFERENCE:
            return "Mã có trong danh mục hiện hành"
        case kind if kind == NOT_FUTURE:
            return "Không sau thời điểm gửi"
        case kind if kind == MAX_AGE:
            return f"Không cũ hơn {asked['days']} ngày khi gửi"
    return None


def _across(rule: RuleForm) -> str | None:
    """A rule about several cells of a row, which says of none what it must be."""
    return f"{_ACROSS}: {rule.message_vi}" if rule.column is None else None


def _between(rule: RuleForm, column: Column | None, form: ContractForm) -> str:
    """The limits in the unit that the form is in, where it is one; else in that of the contract."""
    bounds = bounds_of([rule])
    unit = next((c.unit for c in form.columns if c.name == rule.column and c.unit), "")
    per = Fraction(column.scale if column else 1)
    if column and column.unit and unit:
        stated = ratio(column.unit, unit)
        per, unit = (per * stated, column.unit) if stated else (Fraction(1), f"quy ra {unit}")
    least, most = (_limit(value, per, column) for value, _ in (bounds.least, bounds.most))
    with_least, with_most = bounds.least[1], bounds.most[1]
    low = f"{'Từ' if with_least else 'Lớn hơn'} {least}" if least is not None else ""
    high = f"{'đến' if with_most else 'nhỏ hơn'} {most}" if most is not None else ""
    if least is None:
        high = f"{'Không quá' if with_most else 'Nhỏ hơn'} {most}"
    elif most is None and with_least:
        high = "trở lên"
    return " ".join(part for part in (low, high, f"({unit})" if unit else "") if part)


def _limit(value: Any, per: Fraction, column: Column | None) -> str | None:
    """A limit as the source would write it; ``per``: what a figure of it is multiplied by."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None if value is None else str(value)
    number = Fraction(str(value)) / per
    plain = f"{number.numerator}" if number.denominator == 1 else f"{float(number):.12g}"
    whole, _, decimals = plain.partition(".")
    match column.number if column else None:
        case "vi":
            return f"{int(whole):,}".replace(",", ".") + (f",{decimals}" if decimals else "")
        case "en":
            return f"{int(whole):,}" + (f".{decimals}" if decimals else "")
    return plain


def _values(values: list[object], column: Column | None) -> str:
    """The values as the source writes them."""
    own: Mapping[str, str] = column.values if column else {}
    wanted = {str(value) for value in values}
    written = [source for source, value in own.items() if value in wanted]
    shown = written or sorted(wanted)
    more = len(shown) - _MOST_VALUES
    return ", ".join(shown[:_MOST_VALUES]) + (f" … và {more} giá trị khác" if more > 0 else "")


def _like(pattern: str) -> str:
    """The form in words, never the pattern itself: an officer reads none."""
    said = pattern_in_words(pattern)
    return f"{said[0].upper()}{said[1:]}" if said else "Theo biểu mẫu đã thống nhất"


def _long(least: object, most: object) -> str:
    if least is None:
        return f"Không quá {most} ký tự"
    return f"Ít nhất {least} ký tự" if most is None else f"Từ {least} đến {most} ký tự"


def _readable(kind: str, column: Column) -> str | None:
    if kind == "bigint":
        return f"Số nguyên, {_WHOLE_NUMBERS[column.number]}"
    if kind == "double":
        return f"Số, {_NUMBERS[column.number]}"
    if column.date or kind in ("date", "timestamp"):
        form = column.date or ("%Y-%m-%d" if kind == "date" else "%Y-%m-%d %H:%M:%S")
        for part, example in _DATE_PARTS.items():
            form = form.replace(part, example)
        return f"Viết theo dạng {form}"
    if column.values:
        return f"Một trong: {_values(list(column.values.values()), column)}"
    return "Chữ Unicode đọc được"
