"""What each column of a sample is: by its header's words, and by what its cells can be read as.

Cells are read by ``intake.conform``, as they will be each night: a kind is proposed only when every
cell of the sample can be read as it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import polars as pl

from contracts.base import VIETNAM
from contracts.formats import COMMUNE_CODE, ISO_WEEK, MONTH, PROVINCE_CODE
from ioc_pipelines.scaffold import words
from ioc_pipelines.scaffold.cells import LEADING_ZERO, Cells, Known
from ioc_pipelines.scaffold.model import MEND, Field, Kind, Sample

_ENUM_MOST, _ENUM_LEAST_ROWS, _ENUM_REPEATS, _ENUM_LENGTH = 10, 10, 3, 40
_DATES = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%m/%d/%Y")
_MOMENTS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%H:%M %d/%m/%Y", "%Y-%m-%dT%H:%M:%S")
_MONTHS = ("%m/%Y", "%m-%Y", "%m.%Y", "Tháng %m/%Y", "tháng %m/%Y", "%Y/%m")
_MIDNIGHT = r"[ T]00:00(:00)?$"
_A_DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}"
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_UNIT = r"(?i)đơn vị(?: tính)?\s*:\s*((?:nghìn|ngàn|triệu|tỷ|tỉ)? ?[^\W\d_]+)"
_MONEY_UNIT = r"(?i)đơn vị(?: tính)?\s*: ((?:(?:nghìn|ngàn|triệu|tỷ|tỉ) )?(?:đồng|vnđ|vnd))"
_LIST_SHARE = 0.5


def money_capture(sample: Sample) -> dict[str, Any]:
    """Where the unit of all amounts stands, when the text above the table states it."""
    if re.search(_MONEY_UNIT, sample.title):
        return {"unit": {"where": "title", "pattern": _MONEY_UNIT}}
    return {}


def infer_fields(sample: Sample, table: pl.DataFrame, known: Known) -> list[Field]:
    """The columns of the contract, in the order of the sample."""
    stated = re.search(_UNIT, sample.title)
    reader = _Reader(table, known, stated[1].strip() if stated else None, sample)
    fields: list[Field] = []
    for source, header in sample.headers.items():
        found = reader.field(source, header)
        names = {f.name for f in fields}
        fields.append(replace(found, name=words.unlike(found.name, names)))
    return fields


@dataclass(frozen=True)
class _Reader:
    """Reads one column after the other; what one proves of the way of writing holds for all."""

    table: pl.DataFrame
    known: Known
    title_unit: str | None
    sample: Sample

    def field(self, source: str, header: str) -> Field:
        """The proposal for one column."""
        cells = self._cells(source, header)
        found = self._read(cells)
        if any(g.column == source and g.what == "optional" for g in self.sample.guesses):
            found = replace(found, source={**found.source, "optional": True})
        if cells.name.vi is None:
            found = found.with_rule("title_vi", MEND)
        if cells.name.how:
            found = found.with_rule(f"en: {found.en}", cells.name.how)
        if cells.is_empty:
            return found.with_rule("nullable", "no cell says anything")
        lacking = found.values.null_count()
        bad = max(0, min(lacking, cells.said.len() - (cells.count - lacking)))
        if bad:
            found = replace(found, bad=bad)
            found = found.with_reading(found.kind, f"{bad} of {cells.count} cannot be read")
        if lacking > bad:
            what = "nullable" if found.nullable else "required"
            found = found.with_rule(what, f"{lacking - bad} of {cells.count} empty")
        return found

    def _cells(self, source: str, header: str) -> Cells:
        is_of_a_form = self.sample.layout["format"] in ("xlsx", "csv")
        return Cells(source, header, self.table, self.known, is_of_a_form)

    def _read(self, cells: Cells) -> Field:
        person = words.is_personal(cells.header)
        if person and not words.counts_things(cells.header):
            return self._personal(cells, person)
        for attempt in (self._place, self._code, self._period, self._time, self._number):
            if not cells.is_empty and (found := attempt(cells)) is not None:
                return found
        return self._text(cells)

    def _personal(self, cells: Cells, person: str) -> Field:
        timed = None if cells.is_empty else self._time(cells)
        found = replace(timed or cells.as_text("text"), checks={}, personal=True, guesses=())
        return found.with_rule("personal", f"the header says '{person}'")

    def _place(self, cells: Cells) -> Field | None:
        """A commune or province, by code or by name."""
        name = cells.name.name
        if name == "province_name":
            source = {**cells.base, "names": "province"}
            values = cells.read(source, "str")
            return None if values is None else cells.field("str", "unit", source, values)
        if name == "province_code":
            source, checks = cells.padded(2), {"str_matches": PROVINCE_CODE}
            values = cells.read(source, "str")
            if values is not None and cells.all_match(values, PROVINCE_CODE):
                return cells.field("str", "unit", source, values, checks=checks)
        if name != "commune_code" and not self._holds_communes(cells):
            return None
        source = cells.padded(5)
        values = cells.read(source, "str")
        if values is None or not cells.all_match(values, COMMUNE_CODE):
            return None
        return self._commune(cells, source, values)

    def _holds_communes(self, cells: Cells) -> bool:
        """Whether most cells are codes of communes, under a header that speaks of a code."""
        listed = self.known.references["admin_unit.commune"]
        is_code = words.is_code(cells.header) and cells.all_match(cells.said, COMMUNE_CODE)
        return is_code and cells.said.is_in(listed.implode()).sum() > cells.said.len() * _LIST_SHARE

    def _commune(self, cells: Cells, source: Mapping[str, Any], values: pl.Series) -> Field:
        listed = self.known.references["admin_unit.commune"]
        codes = values.drop_nulls().unique()
        outside = int((~codes.is_in(listed.implode())).sum())
        name = words.Named("commune_code", cells.name.vi, "Commune code")
        found = cells.field("str", "unit", source, values, name=name)
        if outside > codes.len() * _LIST_SHARE:
            why = f"{outside} of {codes.len()} codes are not in force: old codes?"
            return found.with_rule("any five digits", why, str_matches=COMMUNE_CODE)
        why = f"{codes.len() - outside} of {codes.len()} in force"
        return found.with_rule("a commune", why, references="admin_unit.commune")

    def _code(self, cells: Cells) -> Field | None:
        """A code is text; digits of one length are a format."""
        zeros = cells.said.str.contains(LEADING_ZERO).any()
        if not (words.is_code(cells.header) or zeros):
            return None
        why = "a cell begins with 0" if zeros else "the header says so"
        found = cells.as_text("code").with_rule("text, a code", why)
        lengths = cells.said.str.len_chars().unique()
        if cells.said.str.contains(r"^\d+$").all() and len(lengths) == 1 and lengths[0] > 1:
            digits = int(lengths[0])
            why = f"all {cells.said.len()} have as many"
            found = replace(found, source=cells.padded(digits))
            found = found.with_rule(f"{digits} digits", why, str_matches=rf"^\d{{{digits}}}$")
        return found

    def _period(self, cells: Cells) -> Field | None:
        """A month, week or year; several columns may say it together."""
        for pattern, usual in ((MONTH, "period"), (ISO_WEEK, "week")):
            if cells.all_match(cells.said, pattern):
                name = _known_or(cells, usual, "Period reported")
                return cells.as_text("period", name=name, checks={"str_matches": pattern})
        years = r"^\d{4}-\d{4}$"
        if cells.said.str.contains(years).all() and "nam hoc" in words.folded(cells.header):
            return cells.as_text("period", checks={"str_matches": years})
        if cells.all_match(cells.said, r"^(\p{L}+ )?\d{1,4}[-/.]\d{1,4}$"):
            return self._month(cells)
        return self._year(cells) if cells.name.name in ("year", "period") else None

    def _month(self, cells: Cells) -> Field | None:
        for form in _MONTHS:
            source = {**cells.base, "date": form, "period": "month"}
            values = cells.read(source, "str")
            if values is not None:
                name, checks = _known_or(cells, "period", "Month reported"), {"str_matches": MONTH}
                found = cells.field("str", "period", source, values, name=name, checks=checks)
                return found.with_reading(f"months, {form}", "every cell can be read so")
        return None

    def _year(self, cells: Cells) -> Field | None:
        """Years, or the months of a year that stands in another column."""
        name, bounds = cells.name, (_FIRST_YEAR, _LAST_YEAR)
        if name.name == "period":
            name, bounds = words.Named("month", name.vi, "Month"), (1, 12)
        values = cells.read(cells.base, "int")
        if values is None or not values.is_between(*bounds).all():
            return None
        checks = {"in_range": bounds}
        return cells.field("int", "period", cells.base, values, name=name, checks=checks)

    def _time(self, cells: Cells) -> Field | None:
        """A date or a moment, in the first form that every cell has."""
        ways = [
            (kind, {**cells.base, **({"date": form} if form else {})})
            for kind, form in self._time_forms(cells)
        ]
        best = cells.read_best(ways)
        return None if best is None else self._timed(cells, *best)

    def _time_forms(self, cells: Cells) -> Iterator[tuple[Kind, str | None]]:
        if cells.type == pl.Date:
            yield "date", None
        elif isinstance(cells.type, pl.Datetime):
            yield "moment", None
        elif cells.all_match(cells.said, _A_DATE):
            if not cells.said.str.replace(_MIDNIGHT, "").str.contains(r"\d:\d").any():
                yield from (("date", form) for form in (None, *_DATES))
            yield from (("moment", form) for form in (None, *_MOMENTS))

    def _timed(
        self, cells: Cells, kind: Kind, source: Mapping[str, Any], values: pl.Series
    ) -> Field:
        if kind == "date" and isinstance(cells.type, pl.Struct):
            source = {**source, "date": source.get("date", "%d/%m/%Y")}
        name = cells.name
        if name.name == "updated":
            name = name._replace(name="updated_on" if kind == "date" else "updated_at")
        found = cells.field(kind, "time", source, values, name=name)
        latest: Any = values.sort(nulls_last=True)[values.drop_nulls().len() - 1 - cells.few]
        day = latest.date() if isinstance(latest, datetime) else latest
        if day > self.known.today or words.may_be_ahead(cells.header):
            return found
        found = found.with_rule("not after arrival", "none is", not_after_arrival=True)
        form = source.get("date", "")
        if str(form).startswith(("%d", "%m")) and (values.dt.day() <= 12).all():
            found = found.with_reading("day first", "no day above 12 proves it")
        return found

    def _number(self, cells: Cells) -> Field | None:
        style, why = self._style(cells)
        source = dict(cells.base)
        if style and cells.is_written:
            source["number"] = style
        unit, place = self._unit(cells)
        target = "đồng" if unit and words.is_money(unit) else unit
        if unit and target == "đồng":
            is_captured = place != "the header" and bool(money_capture(self.sample))
            source |= {"unit": "{unit}"} if is_captured else {"unit": unit}
            if source["unit"] == target:
                del source["unit"]
        best = cells.read_best([(kind, source) for kind in self._kinds(cells, unit)], target)
        if best is None:
            return None
        kind, _, values = best
        name = cells.name
        if target == "đồng":
            name = name._replace(name=f"{name.name}_vnd")
        found = cells.field(kind, "figure", source, values, name=name, unit=target)
        if why and cells.is_written:
            found = found.with_reading(f"number: {style}", why)
        if unit:
            found = found.with_reading(f"unit: {unit}", place + _scaled(unit))
        return _bounded(found)

    def _unit(self, cells: Cells) -> tuple[str | None, str]:
        """The unit of a figure and where it stands: in its header, or above the table for all."""
        if own := words.without_unit(cells.header)[1]:
            return own, "the header"
        if "%" in cells.header:
            return "%", "the header"
        if words.counts_things(cells.header) or words.is_share(cells.header):
            return None, ""
        return self.title_unit, "the text above the table"

    def _kinds(self, cells: Cells, unit: str | None) -> Sequence[Kind]:
        """Whole numbers where the sample has no other, unless the source declares otherwise."""
        if cells.type == pl.Boolean:
            return ("bool",)
        if unit == "%" or cells.type.is_float():
            return ("float",)
        return ("int", "float")

    def _text(self, cells: Cells) -> Field:
        """Free text, or one of a few values that come again and again."""
        said = cells.said
        if not cells.is_empty and said.str.contains("^(true|false)$").all():
            source = {"source": cells.source}
            values = cells.read(source, "bool")
            if values is not None:
                return cells.field("bool", "text", source, values)
        is_unit = cells.name.name == "commune_name"
        found = cells.as_text("unit" if is_unit else "text")
        counts = found.values.drop_nulls().value_counts()
        is_few = 2 <= counts.height <= min(_ENUM_MOST, found.values.len() // _ENUM_REPEATS)
        is_repeated = bool((counts["count"] > 1).all()) and found.values.len() >= _ENUM_LEAST_ROWS
        is_short = (said.str.len_chars().max() or 0) <= _ENUM_LENGTH  # type: ignore[operator]
        if not (is_few and is_repeated and is_short) or is_unit:
            return found
        listed = sorted(found.values.drop_nulls().unique())
        why = f"each more than once in {found.values.len()} rows"
        return found.with_rule(f"enum: {len(listed)} values", why, isin=listed)

    @cached_property
    def _proven(self) -> dict[str, str]:
        """How numbers are written, by the columns that prove it."""
        found: dict[str, str] = {}
        for source, header in self.sample.headers.items():
            cells = self._cells(source, header)
            if not cells.is_code_like and (style := cells.proven_style):
                found.setdefault(style, source)
        return found

    def _style(self, cells: Cells) -> tuple[str | None, str | None]:
        """How numbers of the column are written, and why it is thought so."""
        if own := cells.proven_style:
            return own, None
        for style in ("vi", "en", "plain"):
            if source := self._proven.get(style):
                return style, f"as {source} proves"
        is_vietnamese = not all(header.isascii() for header in self.sample.headers.values())
        if is_vietnamese:
            return "vi", "Vietnamese headers; no cell proves it"
        return ("plain", None) if cells.is_written else (None, None)


def _known_or(cells: Cells, name: str, en: str) -> words.Named:
    """What the header is known as; else the usual name, with its own title."""
    return words.Named(name, cells.name.vi, en) if cells.name.how else cells.name


def _bounded(found: Field) -> Field:
    """Figures without a negative one stay so; shares of a hundred as well."""
    values = found.values.drop_nulls()
    if found.kind == "bool" or values.is_empty():
        return found
    least, most = float(values.min()), float(values.max())  # type: ignore[arg-type]
    is_share = found.unit == "%" or words.is_share(found.vi)
    if is_share and least >= 0 and most <= 100:
        found = replace(found, kind="float", values=found.values.cast(pl.Float64))
        return found.with_rule("0 to 100", "a share, no cell outside", in_range=(0, 100))
    if least < 0 or words.may_be_negative(found.vi):
        return found
    return found.with_rule("ge=0", "none is negative", ge=0)


def _scaled(unit: str) -> str:
    count = {"nghìn": 3, "ngàn": 3, "triệu": 6, "tỷ": 9, "tỉ": 9}.get(unit.split()[0].casefold())
    return f", scale {10**count:,}" if count and words.is_money(unit) else ""


def today() -> date:
    """The day it is in Viet Nam."""
    return datetime.now(UTC).astimezone(VIETNAM).date()
