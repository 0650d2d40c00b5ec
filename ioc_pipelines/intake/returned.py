"""A feedback pack that came back: its rows under the columns of the source.

The layout is the pack's own (``serving.feedback`` writes it). A cell that the officer left as the
pack showed it is the cell as received, type and all; so is a masked one. Values that the layout of
the feed takes from titles, names and headers are never read from the pack.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from contracts.base import Contract
from ioc_pipelines.catalog.models import Feed
from ioc_pipelines.catalog.patterns import groups_of, names_in, pattern_of, words_of
from ioc_pipelines.catalog.reading import ReadingLimits
from ioc_pipelines.intake.agreement import listed, require_agreement, says_same, shown
from ioc_pipelines.intake.child.read import cells_of
from ioc_pipelines.intake.conform import as_received, sources_of
from ioc_pipelines.intake.errors import (
    OversizedFileError,
    StructureMismatchError,
    UnreadableFileError,
)
from ioc_pipelines.intake.layout.table import CELL, FILE, ROW, SHEET, index_letter, spaced
from ioc_pipelines.intake.pack_form import (
    BATCH_FACT,
    FEED_FACT,
    FIXED_HEADERS,
    GUIDE_SHEET,
    MASK,
    MOST_ROWS,
    PLACE_HEADERS,
    ROWS_SHEET,
    TICKET_HEADER,
    is_pack_header,
)

TICKET = "_ticket"
MOST_BYTES, MOST_UNPACKED_BYTES = 50_000_000, 500_000_000
UNREADABLE = "không mở được như tệp Excel: tệp hỏng, lưu dở, có mật khẩu, hoặc không lưu dạng .xlsx"
TOO_LARGE = "tệp quá lớn, không phải phiếu phản hồi"
_NEWEST = "đề nghị dùng tệp phản hồi mới nhất"
_HEAD_ROWS = 30
_LIMITS = ReadingLimits()


@dataclass(frozen=True)
class Returned:
    """A pack as it came back.

    ``feed, batch``: whose pack it says it is, and of what; None when its guide is gone. ``rows``:
    ``_row, _ticket`` and one ``CELL`` column per heading of the place and behind the fixed ones;
    ``letters``: where each of these stood.
    """

    feed: str | None
    batch: str | None
    rows: pl.DataFrame
    letters: Mapping[str, str]


def labels_of(feed: Feed, contract: type[Contract]) -> dict[str, str]:
    """The heading of each source column in a pack: the source's own words, else the title."""
    titles: dict[str, str] = {}
    for name, column in feed.columns.items():
        titles.setdefault(column.source, str(contract.columns()[name].title))
    labels: dict[str, str] = {}
    for source, title in titles.items():
        plain = pattern_of(source) is None and not names_in(source) and source not in _given(feed)
        label = spaced(words_of(source) if plain else title)
        while label in labels.values():
            label += " *"
        labels[source] = label
    return labels


def derived_sources(feed: Feed) -> frozenset[str]:
    """Sources that stand in no cell of their row: titles, names of files and sheets, headers."""
    given = _given(feed)
    sources = sources_of(feed.columns)
    return frozenset(s for s in sources if s in given or names_in(s))


def personal_sources(feed: Feed, contract: type[Contract]) -> frozenset[str]:
    """Sources that any personal column of the contract is read from."""
    personal = contract.personal_columns()
    return frozenset(c.source for name, c in feed.columns.items() if name in personal)


def _given(feed: Feed) -> set[str]:
    captures = feed.layout.captures if feed.layout else {}
    groups = (g for c in feed.columns.values() for s in c.sources for g in groups_of(s))
    return {*captures, *groups}


def read_returned(path: Path, name: str) -> Returned:
    """The pack as it came back. Raises UnreadableFileError or StructureMismatchError."""
    found = _cells(path, name, ROWS_SHEET)
    if found is None:
        raise StructureMismatchError(name, f"tệp không có trang tính '{ROWS_SHEET}'")
    texts, numbers = found
    at, columns = _header(texts, name)
    rows = _below(texts, numbers, at, columns)
    if rows.height > MOST_ROWS:
        raise StructureMismatchError(name, f"{rows.height} dòng, phiếu có nhiều nhất {MOST_ROWS}")
    letters = {label: index_letter(position) for label, position in columns.items()}
    _require_tickets(rows, name)
    facts = _facts(path, name)
    return Returned(facts.get(FEED_FACT), facts.get(BATCH_FACT), rows, letters)


def _cells(path: Path, name: str, sheet: str) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """``cells_of``, and why not in words for an officer.

    A pack is small, packed and unpacked: what is larger is not read into memory.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OversizedFileError(name, TOO_LARGE)
        return cells_of(path, name, sheet, MOST_UNPACKED_BYTES, _LIMITS)
    except OversizedFileError as error:
        raise UnreadableFileError(name, TOO_LARGE) from error
    except UnreadableFileError as error:
        raise UnreadableFileError(name, UNREADABLE) from error


def _header(texts: pl.DataFrame, name: str) -> tuple[int, dict[str, int]]:
    """The row of the header, and the position of ticket, place and each heading behind."""
    for at, row in enumerate(texts[:_HEAD_ROWS].rows()):
        headings = [spaced(cell or "") for cell in row]
        if is_pack_header(headings):
            last = headings.index(FIXED_HEADERS[-1])
            behind = {h: last + 1 + i for i, h in enumerate(headings[last + 1 :]) if h}
            twice = [h for h in behind if headings[last + 1 :].count(h) > 1]
            if twice:
                raise StructureMismatchError(name, f"có nhiều cột {', '.join(twice)}: giữ lại một")
            fixed = {TICKET: TICKET_HEADER, **PLACE_HEADERS}
            gone = [heading for heading in fixed.values() if heading not in headings]
            if gone:
                raise StructureMismatchError(name, f"thiếu cột {', '.join(gone)}; {_NEWEST}")
            return at, {c: headings.index(heading) for c, heading in fixed.items()} | behind
    raise StructureMismatchError(
        name, f"không thấy hàng tiêu đề có '{TICKET_HEADER}' và '{FIXED_HEADERS[-1]}'"
    )


def _below(
    texts: pl.DataFrame, numbers: pl.DataFrame, at: int, columns: Mapping[str, int]
) -> pl.DataFrame:
    """The rows below the header that say anything."""
    count = texts.height - at - 1
    parts = [pl.int_range(at + 2, at + 2 + count, eager=True, dtype=pl.Int64).alias(ROW)]
    for label, position in columns.items():
        text, number = (frame[str(position)][at + 1 :] for frame in (texts, numbers))
        cells = pl.DataFrame({"text": text, "number": number}).to_struct(label)
        parts.append(text.str.strip_chars().alias(label) if label == TICKET else cells)
    frame = pl.DataFrame(parts)
    said = [
        (pl.col(label) if label == TICKET else pl.col(label).struct.field("text")).fill_null("")
        for label in columns
        if label not in PLACE_HEADERS
    ]
    return frame.filter(pl.any_horizontal(part != "" for part in said))


def _require_tickets(rows: pl.DataFrame, name: str) -> None:
    if rows.is_empty():
        raise StructureMismatchError(name, "tệp không có dòng nào")
    without = rows.filter(pl.col(TICKET).fill_null("") == "")
    if not without.is_empty():
        raise StructureMismatchError(
            name, f"thiếu mã phiếu ở hàng {listed(without)}: xóa hàng thêm vào, giữ mã phiếu"
        )
    twice = rows.filter(pl.col(TICKET).is_duplicated())
    if not twice.is_empty():
        raise StructureMismatchError(
            name, f"mã phiếu lặp lại ở hàng {listed(twice)}: giữ lại một hàng"
        )


def _facts(path: Path, name: str) -> dict[str, str]:
    """What the guide says for the system: whose pack it is."""
    found = _cells(path, name, GUIDE_SHEET)
    rows = [] if found is None else [[c for c in row if c] for row in found[0].rows()]
    facts = {row[0].strip(): str(row[1]).strip() for row in rows if len(row) > 1}
    return {fact: facts[fact] for fact in (FEED_FACT, BATCH_FACT) if fact in facts}


def corrected(
    returned: Returned, cells: pl.DataFrame, feed: Feed, contract: type[Contract], name: str
) -> pl.DataFrame:
    """The rows under the source's columns, to be conformed: ``_file, _sheet, _row, _ticket``, …

    ``cells``: the rows as received, by ``_ticket``. Raises StructureMismatchError when a ticket is
    not known or a heading is gone.
    """
    unknown = returned.rows.join(cells.select(TICKET), on=TICKET, how="anti")
    if not unknown.is_empty():
        reason = f"mã phiếu không đúng ở hàng {listed(unknown)}; {_NEWEST}"
        raise StructureMismatchError(name, reason)
    labels, derived = labels_of(feed, contract), derived_sources(feed)
    gone = [label for label in labels.values() if label not in returned.rows.columns]
    sources = sources_of(feed.columns)
    if gone or any(source not in cells.columns for source in sources):
        reason = f"thiếu cột {', '.join(gone)}" if gone else "biểu mẫu của nguồn đã thay đổi"
        raise StructureMismatchError(name, f"{reason}; {_NEWEST}")
    kept = kept_of(returned, cells)
    personal = personal_sources(feed, contract)
    # a mask says nothing of whose row it is
    given = {s: label for s, label in labels.items() if s in derived - personal}
    key = {feed.columns[part].source for part in contract.info().key}
    own = {source: label for source, label in labels.items() if source not in derived}
    own_key = {source: label for source, label in own.items() if source in key}
    require_agreement(returned.rows, kept, given, own, own_key, name)
    for source in personal - derived:
        _require_whole_masks(returned.rows, labels[source], kept[source], name)
    columns = [
        kept[source]
        if source in derived or source not in labels
        else _merged(kept[source], returned.rows[labels[source]], is_personal=source in personal)
        for source in sources
    ]
    return _placed(returned, name).with_columns(columns)


def before_correction(
    returned: Returned, cells: pl.DataFrame, feed: Feed, name: str
) -> pl.DataFrame:
    """What ``corrected`` returns, of rows as they were received: beside each of them its own."""
    kept = kept_of(returned, cells)
    return _placed(returned, name).with_columns(kept[source] for source in sources_of(feed.columns))


def kept_of(returned: Returned, cells: pl.DataFrame) -> pl.DataFrame:
    """The rows as received, in the order of the pack's."""
    return returned.rows.select(TICKET).join(
        cells.unique(TICKET, keep="last"), on=TICKET, how="left", maintain_order="left"
    )


def _placed(returned: Returned, name: str) -> pl.DataFrame:
    place = [pl.lit(name).alias(FILE), pl.lit(ROWS_SHEET).alias(SHEET), pl.col(ROW, TICKET)]
    return returned.rows.select(place)


def _require_whole_masks(rows: pl.DataFrame, label: str, before: pl.Series, name: str) -> None:
    """A mask that was written into is neither the value as received nor another."""
    said = rows[label].struct.field("text")
    was = shown(before).fill_null("").str.contains(MASK, literal=True)
    partly = said.str.contains(MASK, literal=True) & (said.str.strip_chars() != MASK) & ~was
    spoilt = rows.filter(partly.fill_null(value=False))
    if not spoilt.is_empty():
        where = f"ô còn dấu {MASK} ở cột {label}, hàng {listed(spoilt)}"
        raise StructureMismatchError(name, f"{where}: để nguyên {MASK} hoặc viết lại cả ô")


def _merged(before: pl.Series, now: pl.Series, *, is_personal: bool) -> pl.Series:
    """A source column: cells that were changed as they are now, the others as received."""
    is_same = says_same(now, shown(before))
    if is_personal:
        is_same |= (now.struct.field("text").str.strip_chars() == MASK).fill_null(value=False)
    kept = pl.DataFrame([_as_cells(before).alias("before"), now.alias("now")])
    chosen = kept.select(pl.when(is_same).then("before").otherwise("now").alias(before.name))
    return chosen[before.name]


def _as_cells(source: pl.Series) -> pl.Series:
    """A source column of any type as spreadsheet cells: what it says, and its number."""
    kind = source.dtype
    if isinstance(kind, pl.Struct):
        return source
    text, number = as_received(source), pl.Series([None] * len(source), dtype=pl.Float64)
    if kind.is_numeric():
        number = source.cast(pl.Float64)
    elif isinstance(kind, pl.Datetime):
        text = source.dt.strftime("%Y-%m-%d %H:%M:%S%.f")
    frame = pl.DataFrame([text.alias("text"), number.alias("number")])
    return frame.to_struct(source.name).cast(CELL)


def known_cells(batches: Iterable[pl.DataFrame], tickets: Collection[str]) -> pl.DataFrame:
    """Of the refused rows of some batches, newest first, those with these tickets, once each."""
    found: list[pl.DataFrame] = []
    missing = set(tickets)
    for cells in batches:
        mine = cells.filter(pl.col(TICKET).is_in(list(missing)))
        if not mine.is_empty():
            found.append(mine)
            missing -= set(mine[TICKET].to_list())
        if not missing:
            break
    if not found:
        return pl.DataFrame(schema={TICKET: pl.String})
    return found[0] if len(found) == 1 else _stacked(found)


def _stacked(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Rows of several batches: as spreadsheet cells where their types differ."""
    kinds = {(name, str(kind)) for frame in frames for name, kind in frame.schema.items()}
    mixed = {name for name, _ in kinds if sum(known == name for known, _ in kinds) > 1}
    alike = [
        frame.with_columns(_as_cells(frame[name]) for name in mixed if name in frame.columns)
        for frame in frames
    ]
    return pl.concat(alike, how="diagonal")
