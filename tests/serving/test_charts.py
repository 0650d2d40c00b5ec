"""What a chart shows is read back from its SVG, as a page or a screen reader would."""

import re
from struct import unpack_from

import polars as pl
import pytest
from lxml import etree

from ioc_pipelines.serving.charts import FONTS, Chart, bars_by_unit, choropleth, line_series

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
SERIES = pl.DataFrame(
    {"period": ["01/2025", "02/2025", "03/2025"], "value": [90.5, None, 1234.5], "target": 95.0}
)
SQUARE = '{{"type":"Polygon","coordinates":[[[{x},20],[{x1},20],[{x1},21],[{x},21],[{x},20]]]}}'
COMMUNES = pl.DataFrame(
    {
        "name": ["Xã Ân Thi", "Phường Phố Hiến", "Xã Hoàn Long"],
        "value": [80.0, 95.25, None],
        "geometry": [SQUARE.format(x=x, x1=x + 1) for x in (105, 106, 107)],
    }
)


def texts(chart: Chart) -> list[str]:
    return [node.text or "" for node in etree.fromstring(chart.svg()).iter(f"{SVG}text")]


def shapes(chart: Chart) -> list[etree._Element]:
    found = etree.fromstring(chart.svg()).iter(f"{SVG}path")
    # a symbol of the legend is moved to its place, a unit is drawn where it lies
    of_map = {"stroke": "#ffffff", "transform": "translate(0,0)"}
    return [path for path in found if of_map.items() <= dict(path.attrib).items()]


def test_a_series_has_its_target_its_periods_and_vietnamese_numbers() -> None:
    chart = line_series(SERIES, title="Tỷ lệ đúng hạn", unit="%")
    shown = texts(chart)
    assert {"Thực hiện", "Mục tiêu", "01/2025", "03/2025", "%"} <= set(shown)
    assert any(re.fullmatch(r"1\.\d00", text) for text in shown)
    assert "thấp nhất 90,5 (01/2025), cao nhất 1.234,5 (03/2025)" in chart.description
    assert "mục tiêu 95" in chart.description


def test_a_period_without_a_figure_is_a_gap_and_no_point() -> None:
    drawn = line_series(SERIES, title="t", unit="%").svg()
    line = next(re.finditer(r'<path[^>]* d="(M[^"]*)"[^>]*stroke="#1f5a94"[^>]*>', drawn))
    assert line.group(1).count("M") == 2
    assert "null" not in drawn


def test_a_chart_says_its_title_and_description_to_who_does_not_see_it() -> None:
    root = etree.fromstring(line_series(SERIES, title="Thu < chi & nợ", unit="đồng").svg())
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "Thu < chi & nợ"
    assert root.find(f".//{SVG}script") is None


def test_bars_stand_in_the_order_of_the_frame_with_their_figures() -> None:
    shown = texts(bars_by_unit(COMMUNES, title="t", unit="%"))
    names = [text for text in shown if text in set(COMMUNES["name"])]
    assert names == COMMUNES["name"].to_list()
    assert {"80", "95,25", "Chưa có số liệu"} <= set(shown)


def test_a_map_tells_what_has_no_figure_from_what_has_the_least() -> None:
    drawn = shapes(choropleth(COMMUNES, title="t", unit="%"))
    fills = [path.get("fill") for path in drawn]
    assert len(fills) == 3
    assert fills[2] == "#d9d9d9"
    assert len(set(fills)) == 3
    assert {"80", "95,25", "Chưa có số liệu"} <= set(
        texts(choropleth(COMMUNES, title="t", unit=""))
    )


def test_a_map_has_five_classes_with_as_many_units_each_as_equal_values_allow() -> None:
    many = pl.DataFrame(
        {
            "name": [f"Xã {n}" for n in range(100)],
            "value": [float(min(n, 90)) for n in range(100)],
            "geometry": [SQUARE.format(x=x, x1=x + 1) for x in range(100)],
        }
    )
    fills = [path.get("fill") for path in shapes(choropleth(many, title="t", unit=""))]
    assert [fills.count(fill) for fill in dict.fromkeys(fills)] == [20] * 5


def test_a_map_without_any_figure_can_be_drawn() -> None:
    nothing = COMMUNES.with_columns(value=pl.lit(None, pl.Float64))
    chart = choropleth(nothing, title="Bản đồ", unit="%")
    assert {path.get("fill") for path in shapes(chart)} == {"#d9d9d9"}
    assert chart.description == "Bản đồ: chưa có số liệu."


def test_a_degree_of_longitude_is_drawn_shorter_than_one_of_latitude() -> None:
    one = COMMUNES.head(1)
    (path,) = shapes(choropleth(one, title="t", unit=""))
    numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d") or "")]
    width = max(numbers[::2]) - min(numbers[::2])
    height = max(numbers[1::2]) - min(numbers[1::2])
    # cos(20.5°)
    assert width / height == pytest.approx(0.9367, abs=0.001)


def test_units_lead_where_the_frame_says() -> None:
    linked = COMMUNES.with_columns(href="/don-vi/" + pl.col("name").str.slice(0, 2))
    root = etree.fromstring(choropleth(linked, title="t", unit="%").svg())
    links = list(root.iter(f"{SVG}a"))
    assert [link.get(LINK) for link in links] == ["/don-vi/Xã", "/don-vi/Ph", "/don-vi/Xã"]
    assert root.get("role") == "group"
    labels = [path.get("aria-label") for link in links for path in link]
    assert labels[1] == "Phường Phố Hiến: 95,25"


def test_bytes_are_the_same_each_time_and_ids_differ_between_charts() -> None:
    series = line_series(SERIES, title="t", unit="%")
    other = bars_by_unit(COMMUNES, title="t", unit="%")
    assert series.svg() == line_series(SERIES, title="t", unit="%").svg()
    assert series.png() == line_series(SERIES, title="t", unit="%").png()
    ids = [re.findall(r'\bid="([^"]+)"', chart.svg()) for chart in (series, other)]
    assert not set(ids[0]) & set(ids[1])


def test_every_letter_of_vietnamese_is_in_every_font() -> None:
    letters = "ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
    for font in sorted(FONTS.glob("*.ttf")):
        known = mapped(font.read_bytes())
        missing = [c for c in letters + letters.upper() + "–−≥≤μ²³" if ord(c) not in known]
        assert missing == [], font.name


def mapped(font: bytes) -> set[int]:
    """Code points of a TrueType font, from the format 4 table of its ``cmap``."""
    tables = {
        font[12 + 16 * n : 16 + 16 * n]: unpack_from(">I", font, 20 + 16 * n)[0]
        for n in range(unpack_from(">H", font, 4)[0])
    }
    start = tables[b"cmap"]
    offsets = [
        start + unpack_from(">I", font, start + 8 + 8 * n)[0]
        for n in range(unpack_from(">H", font, start + 2)[0])
    ]
    at = next(offset for offset in offsets if unpack_from(">H", font, offset)[0] == 4)
    count = unpack_from(">H", font, at + 6)[0] // 2
    ends = unpack_from(f">{count}H", font, at + 14)
    starts = unpack_from(f">{count}H", font, at + 16 + 2 * count)
    pairs = zip(starts, ends, strict=True)
    return {code for first, last in pairs for code in range(first, last + 1)}
