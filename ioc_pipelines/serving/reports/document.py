"""What a report says before it is a file: text, tables, charts, and where figures are from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from ioc_pipelines.catalog.reports import Measure
from ioc_pipelines.serving.charts import Chart

# marks of a figure, as they stand behind it, and what they mean below the table
MARKS = {
    "sb": "Số liệu sơ bộ: kỳ chưa kết thúc hoặc còn thiếu số liệu của một phần kỳ.",
    "bm": "Không công bố để bảo vệ thông tin cá nhân (số quan sát nhỏ).",
    "mới": "Theo số của các đơn vị trước sắp xếp, gộp theo địa giới hiện nay.",
}
NO_FIGURE = "chưa có số liệu"
NO_COMPARISON = "chưa có số liệu cùng kỳ để so sánh"


@dataclass(frozen=True)
class Supply:
    """A batch behind a figure, and who supplied it."""

    agency: str
    title: str
    feed: str
    batch: str


@dataclass(frozen=True)
class Figure:
    """A number in a report and what it is: the annex and the manifest tell of each.

    ``number`` is its place in the annex. ``value`` is in ``unit`` as published; ``shown`` is what
    is read. ``indicator_code`` is None for a figure out of the logs: ``source`` says which.
    """

    number: int
    title: str
    shown: str
    value: float
    unit: str
    unit_name: str
    period: str
    measure: Measure = "value"
    indicator_code: str | None = None
    period_type: str | None = None
    period_start: date | None = None
    unit_id: str | None = None
    recorded_at: datetime | None = None
    units_measured: int | None = None
    source: str = ""
    supplies: tuple[Supply, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A figure where it is read."""

    text: str
    figure: int


Run = str | Shown


@dataclass(frozen=True)
class Heading:
    """A numbered heading; level 1 is a part."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of text and figures."""

    runs: tuple[Run, ...]
    is_note: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell: text, or a number with how many decimals are shown."""

    text: str = ""
    value: float | None = None
    decimals: int = 2
    figure: int | None = None
    marks: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether it stands at the right."""
        return self.value is not None


@dataclass(frozen=True)
class Column:
    """A column of a table: what it is headed, its share of the width, whether it holds numbers."""

    title: str
    width: float = 1.0
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A chart with its caption."""

    caption: str
    chart: Chart
    width: float = 1.0  # of the width of the text


Content = Heading | Paragraph | Table | Picture


@dataclass(frozen=True)
class ContractVersion:
    """Under which version of its contract a feed's data was taken in."""

    feed: str
    dataset: str
    title: str
    version: str


@dataclass(frozen=True)
class Document:
    """A report: head, content, annex. Everything a writer needs, and nothing else."""

    kind: str
    period: str
    subject: str
    superior: str | None
    body: str
    symbol: str
    place: str
    dated: date
    basis: tuple[str, ...]
    addressee: tuple[str, ...]
    recipients: tuple[str, ...]
    authority: str | None
    signer_title: str
    snapshot_id: str
    as_of: datetime
    province: str  # its unit_id
    contents: tuple[Content, ...]
    figures: tuple[Figure, ...] = ()
    contracts: tuple[ContractVersion, ...] = ()
    restatements: int = 0


@dataclass
class Draft:
    """A document while it is put together: it numbers figures, tables and pictures."""

    contents: list[Content] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    numbers: dict[object, int] = field(default_factory=dict)
    tables: int = 0
    pictures: int = 0

    def table(
        self,
        title: str,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Cell]],
        notes: Sequence[str] = (),
    ) -> None:
        """Add a table; marks of its cells are explained below it."""
        self.tables += 1
        used = {mark for row in rows for cell in row for mark in cell.marks}
        explained = [f"({mark}) {text}" for mark, text in MARKS.items() if mark in used]
        self.contents.append(
            Table(
                f"Bảng {self.tables}. {title}",
                tuple(columns),
                tuple(tuple(row) for row in rows),
                (*explained, *notes),
            )
        )

    def picture(self, title: str, chart: Chart, width: float = 1.0) -> None:
        """Add a chart or map."""
        self.pictures += 1
        self.contents.append(Picture(f"Hình {self.pictures}. {title}", chart, width))

    def paragraph(self, *runs: Run, is_note: bool = False) -> None:
        """Add a paragraph."""
        self.contents.append(Paragraph(tuple(runs), is_note))
