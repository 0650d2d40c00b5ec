"""Whether the rows of a pack that came back still are those of their tickets.

The place of a row, and what its layout takes from titles and names, are shown in a pack and not to
be edited. Where they say otherwise than the ticket, columns were sorted apart from each other, and
figures would be stored under the period or the unit of another row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from ioc_pipelines.intake.conform import as_received
from ioc_pipelines.intake.errors import StructureMismatchError
from ioc_pipelines.intake.layout.table import ROW
from ioc_pipelines.intake.pack_form import MOST_CHARACTERS, PLACE_HEADERS
from ioc_pipelines.intake.text import nfc, single_spaced

PLACES = "_places"
_SHOWN = 5
_DAY_FORMS = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d")
_MONTH_FORMS = ("%d %m/%Y", "%d %m-%Y", "%d %m.%Y", "%d %Y-%m")
_MIDNIGHT = r"[ T]00:00(:00(\.0+)?)?$"
_WHAT_TO_DO = (
    "các cột của phiếu đã bị sắp xếp hoặc sửa rời nhau, không tiếp nhận dòng nào. Mở lại phiếu gốc "
    "và chỉ sửa các ô nền vàng; nếu sắp xếp thì chọn cả bảng"
)


def listed(rows: pl.DataFrame) -> str:
    """The numbers of some rows of a pack, the first few of many."""
    found = rows[ROW].head(_SHOWN).to_list()
    return ", ".join(map(str, found)) + (", …" if rows.height > _SHOWN else "")


def shown(source: pl.Series) -> pl.Series:
    """The cells' text as a pack shows it: a spreadsheet cell holds so many characters."""
    return as_received(source).str.slice(0, MOST_CHARACTERS)


def says_same(now: pl.Series, before: pl.Series) -> pl.Series:
    """Whether the cells of a pack say what it showed, be it trimmed, in NFC or as a number."""
    said, was = (
        single_spaced(nfc(texts)).fill_null("") for texts in (now.struct.field("text"), before)
    )
    numbers = now.struct.field("number") == before.cast(pl.Float64, strict=False)
    return ((said == was) | numbers.fill_null(value=False)).alias("same")


def require_agreement(
    rows: pl.DataFrame,
    kept: pl.DataFrame,
    derived: Mapping[str, str],
    own: Mapping[str, str],
    key: Mapping[str, str],
    name: str,
) -> None:
    """Raise StructureMismatchError naming the rows that are not those of their tickets.

    ``rows``: the pack's; ``kept``: the rows as received, in the same order, with ``_places``: where
    each was shown to stand. ``derived``, ``own`` and ``key``: the headings of sources that stand in
    no cell, of those that do, and of those that the business key is read from.
    """
    apart = {", ".join(PLACE_HEADERS.values()): _stands_elsewhere(rows, kept)}
    for source, label in derived.items():
        apart[label] = ~_says_same_day(rows[label], shown(kept[source]))
    for source, label in own.items():
        apart[label] = _changed_places(rows[label], shown(kept[source]))
    went_round = _went_round(rows, kept, key)
    for label in key.values():
        apart[label] |= went_round
    wrong = {heading: found for heading, found in apart.items() if found.any()}
    if wrong:
        where = listed(
            rows.filter(pl.DataFrame(wrong).select(pl.any_horizontal(pl.all())).to_series())
        )
        reason = f"hàng {where} không khớp với mã phiếu (cột {', '.join(wrong)}): {_WHAT_TO_DO}"
        raise StructureMismatchError(name, reason)


def _stands_elsewhere(rows: pl.DataFrame, kept: pl.DataFrame) -> pl.Series:
    """The rows whose place is none at which their ticket was shown."""
    if PLACES not in kept.columns:  # landed before places were
        return pl.repeat(value=False, n=rows.height, eager=True)
    at = pl.int_range(rows.height, eager=True).alias("at")
    known = kept.select(at, PLACES).explode(PLACES).filter(pl.col(PLACES).is_not_null())
    known = known.unnest(PLACES)
    said = rows[known["at"]]
    fits = pl.repeat(value=True, n=known.height, eager=True)
    for column, place in zip(PLACE_HEADERS, known.columns[1:], strict=True):
        fits &= says_same(said[column], shown(known[place]))
    told, fitting = known["at"].unique(), known["at"].filter(fits).unique()
    return at.is_in(told.implode()) & ~at.is_in(fitting.implode())


def _changed_places(now: pl.Series, before: pl.Series) -> pl.Series:
    """The rows whose cells of a column changed, if what they say is only in another order.

    A correction says something new; a column that was sorted alone says the same of other rows.
    """
    changed = ~says_same(now, before)
    said, was = (
        _keys([texts.filter(changed)]).sort() for texts in (now.struct.field("text"), before)
    )
    return changed & (len(said) > 1 and said.equals(was))


def _says_same_day(now: pl.Series, before: pl.Series) -> pl.Series:
    """``says_same``, or the day or month that a spreadsheet program made of the text."""
    said = single_spaced(now.struct.field("text")).str.replace(_MIDNIGHT, "")
    days = pl.DataFrame([said.alias("said"), single_spaced(before).alias("was")]).select(
        (pl.col("said").str.to_date("%Y-%m-%d", strict=False) == _day(pl.col("was"))).alias("same")
    )["same"]
    return says_same(now, before) | days.fill_null(value=False)


def _day(text: pl.Expr) -> pl.Expr:
    first = pl.concat_str(pl.lit("01 "), text)
    return pl.coalesce(
        *(text.str.to_date(form, strict=False) for form in _DAY_FORMS),
        *(first.str.to_date(form, strict=False) for form in _MONTH_FORMS),
    )


def _went_round(rows: pl.DataFrame, kept: pl.DataFrame, key: Mapping[str, str]) -> pl.Series:
    """The rows that have another ticket's key, while some row has theirs.

    A key that became another is a correction; keys that changed places are rows that did.
    """
    if not key:
        return pl.repeat(value=False, n=rows.height, eager=True)
    now = _keys([rows[label].struct.field("text") for label in key.values()])
    was = _keys([shown(kept[source]) for source in key])
    return (now != was) & now.is_in(was.implode()) & was.is_in(now.implode())


def _keys(cells: Sequence[pl.Series]) -> pl.Series:
    """The key cells of each row as one text; a code that became a number is the same."""
    parts = []
    for at, texts in enumerate(cells):
        text = single_spaced(nfc(texts)).fill_null("")
        numbers = text.cast(pl.Float64, strict=False).cast(pl.String)
        parts.append(numbers.fill_null(text).alias(str(at)))
    return pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator="\x1f").alias("key"))["key"]
