"""Find the table of a form: its header, and the rows that are neither header nor data.

Vietnamese forms have lines above the table (agency, title, period, unit), a header of one to four
rows, often a row of labels (A | B | 1 | 2), totals, and below a place with a day and signatures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ioc_pipelines.intake.layout.header import Head, header_texts
from ioc_pipelines.intake.layout.table import index_letter, normal, spaced
from ioc_pipelines.scaffold.grid import Grid
from ioc_pipelines.scaffold.model import Guess, ScaffoldError
from ioc_pipelines.scaffold.words import folded, is_running_number

_HEADER_ROWS = 4
_SEARCHED = 60
_LOOKED_AT = 200
_YEAR = re.compile(r"(19|20)\d{2}")
_STATED = re.compile(r".*:|\d{1,4}[-/.]\d{1,4}([-/.]\d{1,4})?")
_LABEL = re.compile(r"\(?([A-Z]|\d{1,2})\)?([=:+].*)?")
_TOTAL = re.compile(r"tong cong|tong so|toan tinh|ca tinh|tong|cong|total")
_SIGNED = re.compile(
    r"ngày\s.{1,9}\stháng\s.{1,9}\snăm|người lập|thủ trưởng|kế toán trưởng|giám đốc|chủ tịch"
    r"|trưởng phòng|\(ký|nơi nhận|ghi chú:|nguoi lap|thu truong|ke toan truong|giam doc|chu tich",
    re.IGNORECASE,
)
_A_DAY = r"ngày .*tháng .*năm"
_AGENCY = re.compile(r"(ubnd|uy ban|cong hoa|so|cuc|bo|phong|trung tam)\b")
_PERIOD = re.compile(r"[\s,(–-]*(tháng|quý|năm|kỳ|tuần)\s+(học )?[\dIVX].*$", re.IGNORECASE)
_SPECIAL = re.compile(r"^(/.*/|(left of|first) .*)$|\{[a-z]")


@dataclass(frozen=True)
class Form:
    """Where the table is. ``headers``: of each source its title; ``layout``: facts of the feed."""

    headers: Mapping[str, str]
    layout: Mapping[str, Any]
    title: str
    heading: str | None
    label: str | None
    guesses: Sequence[Guess]


@dataclass(frozen=True)
class _Header:
    top: int
    height: int
    texts: Sequence[str]

    @property
    def bottom(self) -> int:
        return self.top + self.height


def find_form(grid: Grid) -> Form:
    """The form's table. Raises ScaffoldError when no rows stand below words of a header."""
    header = _header(grid)
    if header is None:
        msg = "no table was found: no row of words with rows of cells below it"
        raise ScaffoldError(msg)
    layout: dict[str, Any] = {}
    guesses = [Guess("layout", f"header in row {header.top + 1}", "words above columns of cells")]
    if header.height > 1:
        layout["header_rows"] = header.height
        guesses.append(Guess("layout.header_rows", str(header.height), "names stand in each"))
        if not _is_merged_across(grid, header.top, header.bottom - 1):
            layout["spread"] = True
    data = _sort_rows(grid, header, layout, guesses)
    headers = _sources(grid, header, guesses)
    label = _label(grid, header, headers, data, guesses)
    above = [cell for row in grid.rows[: header.bottom] for cell in row if cell]
    return Form(headers, layout, spaced(" ".join(above)), _heading(grid, header), label, guesses)


def _header(grid: Grid) -> _Header | None:
    """The rows that name most columns with cells below; of several the fewest, the topmost."""
    best: tuple[int, int, int, int] | None = None
    found = None
    for top in range(min(len(grid.rows) - 1, _SEARCHED)):
        for height in range(1, min(_HEADER_ROWS, len(grid.rows) - 1 - top) + 1):
            window = range(top, top + height)
            if grid.filled(top) < 2 or not all(_is_words(grid, row) for row in window):
                break
            if _cuts_a_merge(grid, top, top + height - 1):
                continue
            spread = not _is_merged_across(grid, top, top + height - 1)
            texts = header_texts(Head(grid.rows, grid.merged), top, height, spread=spread)
            named, used = _named(grid, top + height, texts)
            rank = (-named, -sum(text != "" for text in texts), height, top)
            if 2 * named >= used and (best is None or rank < best):
                best, found = rank, _Header(top, height, texts)
    return found


def _cuts_a_merge(grid: Grid, top: int, bottom: int) -> bool:
    """Whether a merged cell stands partly inside these rows."""
    spans = [(first, last) for (first, _), (last, _) in grid.merged if first <= bottom]
    return any(last >= top and (first < top or last > bottom) for first, last in spans)


def _is_words(grid: Grid, row: int) -> bool:
    """Whether cells say something and none is a figure; a year may stand beside words.

    A row such as ``Tháng | 10/2026`` or ``Đơn vị: | đồng`` is about the table.
    """
    if not grid.filled(row) or _is_line(grid, row):
        return False
    cells = [(c, n) for c, n in zip(grid.rows[row], grid.numbers[row], strict=True) if c]
    if any(_STATED.fullmatch(cell) for cell, _ in cells):
        return False
    figures = [cell for cell, is_number in cells if is_number]
    return len(figures) < max(len(cells), 1) and all(_YEAR.fullmatch(cell) for cell in figures)


def _is_line(grid: Grid, row: int) -> bool:
    """Whether one cell is merged over most of the row: a title."""
    spans = [r - left for (top, left), (bottom, r) in grid.merged if top <= row <= bottom]
    return grid.filled(row) == 1 and 2 * max(spans, default=0) >= grid.width


def _is_merged_across(grid: Grid, top: int, bottom: int) -> bool:
    """Whether headings of the header are merged over their columns: then gaps are gaps."""
    return any(left < right and top <= first <= bottom for (first, left), (_, right) in grid.merged)


def _named(grid: Grid, start: int, texts: Sequence[str]) -> tuple[int, int]:
    """How many of the columns with cells below ``start`` have a name of their own, of how many."""
    below = [r for r in range(start, min(len(grid.rows), start + _LOOKED_AT)) if grid.filled(r) > 1]
    usual = max((grid.filled(row) for row in below), default=0)
    full = [row for row in below if 2 * grid.filled(row) > usual]
    used = [
        c for c in range(grid.width) if 4 * sum(grid.rows[r][c] != "" for r in full) > len(full)
    ]
    names = {normal(texts[c]) for c in used if texts[c]}
    return (len(names), len(used)) if len(names) > 1 else (0, 1)


def _sort_rows(
    grid: Grid, header: _Header, layout: dict[str, Any], guesses: list[Guess]
) -> list[int]:
    """Say in ``layout`` which rows below the header are no data; returns the rest."""
    rows = [r for r in range(header.bottom, len(grid.rows)) if grid.filled(r)]
    skipped: list[str] = []
    if rows and (pattern := _label_row(grid, rows[0])):
        skipped.append(pattern)
        guesses.append(Guess("layout.skip_rows", f"row {rows[0] + 1}", "labels of columns"))
        rows = rows[1:]
    end = _end_of_data(grid, rows)
    _below(grid, rows[end:], layout, skipped, guesses)
    totals = {_total(grid, row): row for row in reversed(rows[:end])}
    for text, row in sorted(totals.items(), key=lambda item: item[1]):
        if text:
            layout.setdefault("totals", []).append({"rows": text, "parts": "all"})
            guesses.append(Guess("layout.totals", f"row {row + 1}", "its first words"))
    if skipped:
        layout["skip_rows"] = f"(?i)^({'|'.join(dict.fromkeys(skipped))})"
    return [row for row in rows[:end] if not _total(grid, row)]


def _label_row(grid: Grid, row: int) -> str | None:
    """The pattern of a row of labels: A | B | 1 | 2."""
    cells = [cell for cell in grid.rows[row] if cell]
    labels = [_LABEL.fullmatch(cell) for cell in cells]
    if len(cells) < 2 or not all(labels):
        return None
    said = [match[1] for match in labels if match]
    if said[0].isalpha():
        return rf"{escaped(cells[0])} \| {escaped(cells[1])}( \||$)"
    if said == [str(number) for number in range(1, len(said) + 1)] and len(said) > 2:
        return escaped(grid.line(row)) + "$"
    return None


def _end_of_data(grid: Grid, rows: Sequence[int]) -> int:
    """How many of the rows come before the day and the signatures."""
    usual = max((grid.filled(row) for row in rows), default=0)
    end = len(rows)
    while end and _is_trailing(grid, rows[end - 1], usual):
        end -= 1
    return end


def _is_trailing(grid: Grid, row: int, usual: int) -> bool:
    if any(grid.numbers[row]):
        return False
    if _SIGNED.search(grid.line(row)):
        return True
    return grid.filled(row) <= 3 and 2 * grid.filled(row) < usual


def _below(
    grid: Grid,
    rows: Sequence[int],
    layout: dict[str, Any],
    skipped: list[str],
    guesses: list[Guess],
) -> None:
    """What ends the table: rows passed over by their words, or all rows from the first such on."""
    if not rows:
        return
    phrases = [_phrase(grid.line(row)) for row in rows]
    where = f"row {rows[0] + 1}" + (f" to {rows[-1] + 1}" if len(rows) > 1 else "")
    known = [phrase for phrase in phrases if phrase]
    if len(known) == len(phrases):
        skipped += known
        guesses.append(Guess("layout.skip_rows", where, "day, signatures"))
        return
    first = phrases[0] or escaped(grid.rows[rows[0]][_first_filled(grid, rows[0])])
    layout["stop_before"] = f"(?i)^{first}"
    guesses.append(Guess("layout.stop_before", where, "signatures: few cells, no figure"))


def _phrase(line: str) -> str | None:
    """A pattern of a row's known words; None when they are not known."""
    match = _SIGNED.search(line)
    if match is None:
        return None
    found = spaced(match[0])
    if found.casefold().startswith("ngày"):
        return f".*{_A_DAY}"
    return escaped(found) if match.start() == 0 else f".*{escaped(found)}"


def _first_filled(grid: Grid, row: int) -> int:
    return next(i for i, cell in enumerate(grid.rows[row]) if cell)


def _total(grid: Grid, row: int) -> str:
    """The pattern of a row of sums; empty for other rows."""
    cells = [cell for cell in grid.rows[row] if cell]
    if len(cells) < 2 or not any(grid.numbers[row]):
        return ""
    for place, cell in enumerate(cells[:3]):
        if _TOTAL.fullmatch(folded(cell)):
            return (r"^" if place == 0 else r"^[^|]* \| ") + escaped(cell) + r" \|"
        if grid.numbers[row][grid.rows[row].index(cell)]:
            continue
    return ""


def _sources(grid: Grid, header: _Header, guesses: list[Guess]) -> dict[str, str]:
    """The columns with cells or a name: by their words, or by their letter where these fail."""
    repeated = Counter(normal(text) for text in header.texts)
    below = range(header.bottom, len(grid.rows))
    found: dict[str, str] = {}
    for position, written in enumerate(header.texts):
        text, letter = spaced(written), index_letter(position)
        if not text and not any(grid.rows[row][position] for row in below if grid.filled(row) > 3):
            continue
        if text and is_running_number(text):
            guesses.append(Guess(text, "left out", "it only counts the rows"))
            continue
        is_plain = text and repeated[normal(text)] == 1 and not _SPECIAL.search(text)
        if not is_plain:
            why = "its header stands twice, or means something else" if text else "it has no header"
            guesses.append(Guess(text or letter, f"named by its letter, {letter}", why))
        found[text if is_plain else letter] = text or f"Cột {letter}"
    return found


def _label(
    grid: Grid,
    header: _Header,
    headers: Mapping[str, str],
    data: Sequence[int],
    guesses: list[Guess],
) -> str | None:
    """The source that every row has and no heading between the rows."""
    usual = max((grid.filled(row) for row in data), default=0)
    bare = [r for r in data if 2 * grid.filled(r) < usual and not any(grid.numbers[r])]
    if not bare:
        return None
    full = [row for row in data if row not in set(bare)]
    for position, text in enumerate(header.texts):
        source = next((s for s in (spaced(text), index_letter(position)) if s in headers), None)
        has_it = all(grid.rows[row][position] for row in full)
        if source and has_it and not any(grid.rows[row][position] for row in bare):
            listed = ", ".join(str(row + 1) for row in bare[:5])
            guesses.append(Guess("layout.label", source, f"rows {listed} without it: headings"))
            return source
    return None


def _heading(grid: Grid, header: _Header) -> str | None:
    """The line above the table that is most like a title, without the period it is about."""
    lines = {cell for row in grid.rows[: header.top] for cell in row if len(cell.split()) > 2}
    capital = [line for line in lines if line[:12].isupper() and not _AGENCY.match(folded(line))]
    chosen = _PERIOD.sub("", max(capital, key=len, default=""))
    return chosen[:1] + chosen[1:].lower() if chosen else None


def escaped(text: str) -> str:
    """The text as a pattern, no more escaped than it must be."""
    return re.sub(r"([\\.^$*+?()\[\]{}|])", r"\\\1", text)
