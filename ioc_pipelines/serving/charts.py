"""Charts of indicators: a series with its target, bars by unit, a map of communes.

Pure: a frame becomes a chart, a chart becomes SVG or PNG, the same bytes each time and without a
network (docs/adr/0046). Words and numbers are Vietnamese. The SVG is one that is put into a page:
it has a title and a description for who does not see it, and no script.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from ioc_pipelines.serving.vietnamese import number

FONTS = Path(__file__).with_name("fonts")
NO_FIGURE = "Chưa có số liệu"
# Arimo has the widths of Arial, so what is laid out here fits on a reader's machine too
_FONT = "Arimo, Arial, Helvetica, sans-serif"
_VEGA_LITE = "6.4"
# what the renderer puts before an address that is relative
_BASE = "https://vega.github.io/vega-datasets/"
_BLUE, _RED, _GREY, _TEXT = "#1f5a94", "#b3261e", "#d9d9d9", "#1b1b1b"
# light to dark, told apart by lightness alone; the lightest is no white
_CLASSES = ("#d6e6f4", "#9dc6e0", "#5a9fcb", "#2470ad", "#0a3d7a")
_LOCALE = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " đ"]}
_WIDTH, _HEIGHT, _BAR = 560, 220, 22
_MOST_LABELS = 13


@dataclass(frozen=True)
class Chart:
    """A chart before it is drawn: its Vega-Lite specification and what it says in words."""

    specification: Mapping[str, Any]
    title: str
    description: str

    def svg(self) -> str:
        """The SVG element, with title and description."""
        drawn: str = _converter().vegalite_to_svg(
            dict(self.specification),
            vl_version=_VEGA_LITE,
            format_locale=_LOCALE,
            allowed_base_urls=[],
        )
        return _told(drawn, self)

    def png(self, *, scale: float = 2.0) -> bytes:
        """The same as pixels, for documents that take no SVG; ``scale`` 1 is 72 dots per inch."""
        drawn: bytes = _converter().svg_to_png(self.svg(), scale=scale)
        return drawn


@cache
def _converter() -> Any:
    """The renderer with our fonts: its own lack most letters of Vietnamese."""
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
    return vl_convert


def line_series(
    frame: pl.DataFrame, *, title: str, unit: str, width: int = _WIDTH, height: int = _HEIGHT
) -> Chart:
    """A value over time with its target.

    ``frame``, in the order of time: ``period`` (text, as it is to be read), ``value`` (null leaves
    a gap) and, where there is one, ``target``. ``unit`` stands at the axis.
    """
    rows = frame.select("period", "value", _or_null(frame, "target", pl.Float64)).to_dicts()
    axis = {
        "title": None,
        "labelAngle": 0 if len(rows) <= _MOST_LABELS else -45,
        "labelOverlap": True,
    }
    x = {"field": "period", "type": "ordinal", "sort": None, "axis": axis}
    layers: list[dict[str, Any]] = [
        _line(x, "value", "Thực hiện", unit, {"point": {"size": 36, "filled": True}})
    ]
    if any(row["target"] is not None for row in rows):
        dashed = {"strokeDash": [6, 4], "strokeWidth": 1.5}
        layers.append(_line(x, "target", "Mục tiêu", unit, dashed))
    colours = {"domain": ["Thực hiện", "Mục tiêu"][: len(layers)], "range": [_BLUE, _RED]}
    legend = {"title": None, "orient": "top", "symbolType": "stroke"} if len(layers) > 1 else None
    for layer in layers:
        layer["encoding"]["color"] |= {"scale": colours, "legend": legend}
    body = {"data": {"values": rows}, "layer": layers, "width": width, "height": height}
    return Chart(_specification(body), title, _about_series(rows, title, unit))


def bars_by_unit(frame: pl.DataFrame, *, title: str, unit: str, width: int = 360) -> Chart:
    """A bar for each unit, from the top down as the frame has them; the figure stands at its end.

    ``frame``: ``name``, ``value`` (null: no bar, "Chưa có số liệu") and, where there are,
    ``target`` (a line across) and ``href`` (the bar leads there).
    """
    columns = ("name", "value")
    given = frame.select(
        *columns, _or_null(frame, "target", pl.Float64), _or_null(frame, "href", pl.String)
    )
    rows = [
        row | {"said": _said(row["value"]), "value_or_zero": row["value"] or 0}
        for row in given.to_dicts()
    ]
    y = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "labelLimit": 240},
    }
    x = {"field": "value", "type": "quantitative", "axis": {"title": unit, "format": ",~r"}}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "bar", "color": _BLUE}, "encoding": {"y": y, "x": x} | _link(rows)},
    ]
    if {row["target"] for row in rows} - {None}:
        tick = {"type": "tick", "color": _RED, "thickness": 2, "size": _BAR}
        across = {"field": "target", "type": "quantitative"}
        layers.append({"mark": tick, "encoding": {"y": y, "x": across}})
    text = {"type": "text", "align": "left", "dx": 5}
    at = {"y": y, "x": x | {"field": "value_or_zero"}, "text": {"field": "said"}}
    # first a white rim, so that a figure on the line of its target can be read
    inks = ({"color": "white", "stroke": "white", "strokeWidth": 4}, {"color": _TEXT})
    layers += [{"mark": text | ink, "encoding": at} for ink in inks]
    body = {
        "data": {"values": rows},
        "layer": layers,
        "width": width,
        "height": {"step": _BAR},
    }
    return Chart(
        _specification(body, linked=bool(_link(rows))), title, _about_units(rows, title, unit)
    )


def choropleth(
    frame: pl.DataFrame, *, title: str, unit: str, width: int = 460, height: int = 420
) -> Chart:
    """A map whose units are the darker the higher their value, in five classes of equal numbers.

    ``frame``: ``name``, ``value`` (null: grey, "Chưa có số liệu"), ``geometry`` (GeoJSON, WGS 84,
    longitude first) and, where the unit leads somewhere, ``href``.
    """
    rows = frame.select("name", "value", "geometry", _or_null(frame, "href", pl.String)).to_dicts()
    bounds = _bounds([row["value"] for row in rows if row["value"] is not None])
    classes = [
        number(low) if low == high else f"{number(low)} – {number(high)}" for low, high in bounds
    ]
    latitude = _middle_latitude([row["geometry"] for row in rows])
    features = [
        {
            "type": "Feature",
            "geometry": _flat(json.loads(row["geometry"]), math.cos(math.radians(latitude))),
            "class": _class_of(row["value"], bounds, classes),
            "said": f"{row['name']}: {_said(row['value'])}",
            "href": row["href"],
        }
        for row in rows
    ]
    is_gap = any(row["value"] is None for row in rows)
    shades = _shades(len(classes))
    encoding = {
        "color": {
            "field": "class",
            "type": "ordinal",
            "scale": {
                "domain": classes + [NO_FIGURE] * is_gap,
                "range": shades + [_GREY] * is_gap,
            },
            "legend": {"title": unit, "orient": "right", "symbolType": "square"},
        }
    }
    body = {
        "data": {"values": features},
        "mark": {"type": "geoshape", "stroke": "#ffffff", "strokeWidth": 0.7},
        "encoding": encoding | _link(features),
        "projection": {"type": "identity", "reflectY": True},
        "width": width,
        "height": height,
    }
    linked = bool(_link(features))
    return Chart(_specification(body, linked=linked), title, _about_units(rows, title, unit))


def _specification(body: Mapping[str, Any], *, linked: bool = False) -> dict[str, Any]:
    plain = {"font": _FONT, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    config = {
        "font": _FONT,
        "aria": linked,
        "view": {"stroke": None},
        "axis": plain | {"labelColor": _TEXT, "titleColor": _TEXT, "gridColor": "#e6e6e6"},
        "legend": {"labelFont": _FONT, "labelFontSize": 12, "labelLimit": 240},
        "text": {"font": _FONT, "fontSize": 12},
    }
    return {"background": "white", "config": config, "padding": 6, **body}


def _line(
    x: Mapping[str, Any], field: str, name: str, unit: str, mark: Mapping[str, Any]
) -> dict[str, Any]:
    y = {
        "field": field,
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": {"title": unit, "format": ",~r"},
    }
    return {
        "mark": {"type": "line", "strokeWidth": 2.2, "invalid": "break-paths-show-domains", **mark},
        "encoding": {"x": x, "y": y, "color": {"datum": name}},
    }


def _link(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The channels that make of each mark a link with a name, when the rows have links."""
    if not any(row["href"] for row in rows):
        return {}
    return {"href": {"field": "href"}, "description": {"field": "said"}}


def _or_null(frame: pl.DataFrame, name: str, kind: Any) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, kind).alias(name)


def _said(value: float | None) -> str:
    return NO_FIGURE if value is None else number(value)


def _bounds(values: Sequence[float]) -> list[tuple[float, float]]:
    """Lowest and highest value of each class: as many values in each as equal ones allow."""
    distinct = sorted(set(values))
    count = min(len(_CLASSES), len(distinct))
    ordered = sorted(values)
    cuts: list[float] = []
    for part in range(count):
        start = ordered[len(ordered) * part // count]
        if not cuts or start > cuts[-1]:
            cuts.append(start)
    ends = [max(v for v in distinct if v < cut) for cut in cuts[1:]] + distinct[-1:]
    return list(zip(cuts, ends, strict=True))


def _class_of(
    value: float | None, bounds: Sequence[tuple[float, float]], names: Sequence[str]
) -> str:
    if value is None:
        return NO_FIGURE
    return next(name for name, (_, high) in zip(names, bounds, strict=True) if value <= high)


def _shades(count: int) -> list[str]:
    if count <= 1:
        return [_CLASSES[2]][:count]
    return [_CLASSES[round(n * (len(_CLASSES) - 1) / (count - 1))] for n in range(count)]


def _middle_latitude(geometries: Sequence[str]) -> float:
    latitudes = [
        float(found)
        for text in geometries
        for found in re.findall(r"\[\s*-?[\d.]+\s*,\s*(-?[\d.]+)", text)
    ]
    return (min(latitudes) + max(latitudes)) / 2 if latitudes else 0.0


def _flat(geometry: dict[str, Any], shrink: float) -> dict[str, Any]:
    """A shape as it looks: so far north a degree of longitude is shorter than one of latitude."""

    def moved(part: Any) -> Any:
        if isinstance(part[0], int | float):
            return [part[0] * shrink, part[1]]
        return [moved(inner) for inner in part]

    return {"type": geometry["type"], "coordinates": moved(geometry["coordinates"])}


def _about_series(rows: Sequence[Mapping[str, Any]], title: str, unit: str) -> str:
    known = [row for row in rows if row["value"] is not None]
    if not known:
        return f"{title}: chưa có số liệu."
    low, high = (choose(known, key=lambda row: row["value"]) for choose in (min, max))
    text = (
        f"{title} ({unit}), {len(known)} kỳ từ {known[0]['period']} đến {known[-1]['period']}: "
        f"thấp nhất {number(low['value'])} ({low['period']}), "
        f"cao nhất {number(high['value'])} ({high['period']}), "
        f"kỳ cuối {number(known[-1]['value'])}"
    )
    target = known[-1]["target"]
    return f"{text}." if target is None else f"{text}, mục tiêu {number(target)}."


def _about_units(rows: Sequence[Mapping[str, Any]], title: str, unit: str) -> str:
    known = [row for row in rows if row["value"] is not None]
    if not known:
        return f"{title}: chưa có số liệu."
    low, high = (choose(known, key=lambda row: row["value"]) for choose in (min, max))
    text = (
        f"{title} ({unit}), {len(known)} đơn vị: thấp nhất {low['name']} {number(low['value'])}, "
        f"cao nhất {high['name']} {number(high['value'])}"
    )
    gaps = len(rows) - len(known)
    return f"{text}; {gaps} đơn vị chưa có số liệu." if gaps else f"{text}."


def _told(svg: str, chart: Chart) -> str:
    """The SVG with its name and description, and ids of its own: a page has several."""
    mark = hashlib.sha256(f"{chart.title}{svg}".encode()).hexdigest()[:12]
    role = "group" if "<a " in svg else "img"
    head = (
        f'<svg role="{role}" aria-labelledby="t{mark} d{mark}" lang="vi" '
        f'style="max-width:100%;height:auto" '
    )
    inner = (
        f'<title id="t{mark}">{escape(chart.title)}</title>'
        f'<desc id="d{mark}">{escape(chart.description)}</desc>'
    )
    opened, rest = svg.removeprefix("<svg ").split(">", 1)
    # links are resolved by the page, and what they are called is not told in English
    inside = re.sub(r' aria-roledescription="[^"]*"', "", rest.replace(_BASE, ""))
    attributes = opened.replace('class="marks"', 'class="chart"')
    return f"{head}{attributes}>{inner}{inside}"
