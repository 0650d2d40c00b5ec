"""Drawings of the pages as SVG: coordinates and classes only, colours are the style sheet's.

No inline styles and no scripts, so that the strict content security policy holds. What is drawn
also stands in a table beside it; a drawing has one text for those who cannot see it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

CLASSES = 5
_SPARK_W, _SPARK_H = 110, 26
_CHART_W, _CHART_H = 760, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 14, 14, 40
_MAP_W = 1000
_MOST_X_LABELS = 8


@dataclass(frozen=True)
class Dot:
    """One period of a series: what stands below it, its value, and what it says when pointed at."""

    label: str
    value: float | None
    said: str
    is_preliminary: bool = False
    before: float | None = None


def sparkline(values: Sequence[float | None], text: str) -> Markup:
    """A line as high as a line of text, without axes; nothing for fewer than two values."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    span = (high - low) or 1
    step = (_SPARK_W - 8) / (len(values) - 1)
    at = [
        None if v is None else (4 + i * step, _SPARK_H - 4 - (v - low) / span * (_SPARK_H - 8))
        for i, v in enumerate(values)
    ]
    last = next(p for p in reversed(at) if p is not None)
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}">{}'
        '<circle class="end" cx="{:.1f}" cy="{:.1f}" r="3"/></svg>'
    ).format(_SPARK_W, _SPARK_H, text, _polylines(at, "line"), *last)


def series(
    dots: Sequence[Dot], target: float | None, tick: Mapping[float, str] | None, text: str
) -> Markup:
    """A series with its axis; ``tick``: the values and texts of the axis (``ticks``)."""
    ticks = tick or {}
    low, high = (min(ticks), max(ticks)) if ticks else (0.0, 1.0)
    wide, high_px = _CHART_W - _LEFT - _RIGHT, _CHART_H - _TOP - _BOTTOM

    def x(index: int) -> float:
        return _LEFT + (wide * (index + 0.5) / max(len(dots), 1))

    def y(value: float) -> float:
        return _TOP + high_px * (1 - (value - low) / ((high - low) or 1))

    parts = [
        Markup(
            '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
            '<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
        ).format(_LEFT, _CHART_W - _RIGHT, y(v), y(v), _LEFT - 8, y(v) + 4, said)
        for v, said in ticks.items()
    ]
    every = max(1, math.ceil(len(dots) / _MOST_X_LABELS))
    parts += [
        Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            x(i), _CHART_H - 16, dot.label
        )
        for i, dot in enumerate(dots)
        if (len(dots) - 1 - i) % every == 0
    ]
    if target is not None:
        parts.append(
            Markup('<line class="target" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
                _LEFT, _CHART_W - _RIGHT, y(target), y(target)
            )
        )
    for kind, chosen in (("before", [d.before for d in dots]), ("line", [d.value for d in dots])):
        points = [None if v is None else (x(i), y(v)) for i, v in enumerate(chosen)]
        parts.append(_polylines(points, kind))
    parts += [
        Markup(
            '<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4"><title>{}</title></circle>'
        ).format("dot preliminary" if dot.is_preliminary else "dot", x(i), y(dot.value), dot.said)
        for i, dot in enumerate(dots)
        if dot.value is not None
    ]
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(_CHART_W, _CHART_H, text, Markup("").join(parts))


def ticks(values: Iterable[float | None]) -> list[float]:
    """Three to six round values that span all of these; from zero where that costs no detail."""
    known = [v for v in values if v is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    if 0 <= low <= high / 2:
        low = 0
    elif high <= 0:
        high = 0
    raw = (high - low) / 4 or abs(high) / 4 or 1
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(n * step, 10) for n in range(first, max(last, first + 1) + 1)]


@dataclass(frozen=True)
class Frame:
    """A piece of the earth on a drawing: a degree east is as long as it is in its middle."""

    west: float
    south: float
    east: float
    north: float

    @property
    def height(self) -> float:
        """Height of the drawing, in its own units."""
        return _MAP_W * (self.north - self.south) / ((self.east - self.west) * self._short)

    @property
    def _short(self) -> float:
        return math.cos(math.radians((self.south + self.north) / 2))

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a place is on the drawing."""
        x = (lon - self.west) / (self.east - self.west) * _MAP_W
        return x, (self.north - lat) / (self.north - self.south) * self.height

    def radius(self, metres: float) -> float:
        """A distance on the drawing."""
        return metres / 111_195 / (self.north - self.south) * self.height


def frame_of(boxes: Iterable[tuple[float, float, float, float]], margin: float = 0.02) -> Frame:
    """What shows all boxes (west, south, east, north) with a margin, as a share of the whole."""
    wests, souths, easts, norths = zip(*boxes, strict=True)
    west, south, east, north = min(wests), min(souths), max(easts), max(norths)
    more = margin * max(east - west, north - south, 0.01)
    return Frame(west - more, south - more, east + more, north + more)


@dataclass(frozen=True)
class Thing:
    """Something on a map: its GeoJSON, the class that colours it, what it says."""

    geometry: str
    css: str
    said: str


def drawn_map(
    frame: Frame, things: Iterable[Thing], text: str, over: Markup | None = None
) -> Markup:
    """A map; ``over`` is drawn above everything."""
    shapes = Markup("").join(_shape(frame, thing) for thing in things)
    return Markup(
        '<svg class="map" viewBox="0 0 {} {:.0f}" role="img" aria-label="{}"'
        ' data-west="{}" data-south="{}" data-east="{}" data-north="{}">'
        '<defs><pattern id="hatch" width="12" height="12" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="nothing" width="12" height="12"/>'
        '<line class="hatch" x1="0" y1="0" x2="0" y2="12"/></pattern></defs>{}{}</svg>'
    ).format(
        _MAP_W,
        frame.height,
        text,
        frame.west,
        frame.south,
        frame.east,
        frame.north,
        shapes,
        over or "",
    )


def place(frame: Frame, lon: float, lat: float, metres: float | None) -> Markup:
    """A cross at a place, and a circle about it."""
    x, y = frame.at(lon, lat)
    circle = Markup("")
    if metres:
        circle = Markup('<circle class="reach" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(
            x, y, frame.radius(metres)
        )
    return circle + Markup('<path class="cross" d="M{:.1f} {:.1f}h24m-12 -12v24"/>').format(
        x - 12, y
    )


def bounds_of_classes(values: Iterable[float | None]) -> list[float]:
    """The least value of each class but the first, so that classes are about as full: quantiles.

    Where nearly all are as low as the lowest, what is highest is still a class of its own.
    """
    known = sorted(v for v in values if v is not None)
    if not known:
        return []
    cuts = [known[len(known) * n // CLASSES] for n in range(1, CLASSES)]
    higher = {cut for cut in cuts if cut > known[0]} or {known[-1]} - {known[0]}
    return sorted(higher)


def class_of(value: float | None, bounds: Sequence[float]) -> str:
    """``q1`` … ``q5``, the light ones low; ``none`` without a value."""
    if value is None:
        return "none"
    step = sum(value >= bound for bound in bounds)
    # few classes keep the whole span of colours
    return f"q{1 + round(step * (CLASSES - 1) / max(len(bounds), 1))}"


def _polylines(points: Sequence[tuple[float, float] | None], css: str) -> Markup:
    """The points as lines, with a gap where there is none."""
    runs = [
        " ".join(f"{x:.1f},{y:.1f}" for x, y in run)  # type: ignore[misc]
        for is_known, run in groupby(points, key=lambda p: p is not None)
        if is_known
    ]
    return Markup("").join(
        Markup('<polyline class="{}" points="{}"/>').format(css, run) for run in runs
    )


def _shape(frame: Frame, thing: Thing) -> Markup:
    geometry = json.loads(thing.geometry)
    spots, lines = _parts(geometry["type"], geometry["coordinates"])
    is_area = geometry["type"].endswith("Polygon")
    title = Markup("<title>{}</title>").format(thing.said)
    drawn = [
        Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="5">{}</circle>').format(
            thing.css, *frame.at(*spot[:2]), title
        )
        for spot in spots
    ]
    if lines:
        path = "".join(_path(frame, line, is_area) for line in lines)
        css = thing.css if is_area else f"{thing.css} way"
        drawn.append(
            Markup('<path class="{}" fill-rule="evenodd" d="{}">{}</path>').format(css, path, title)
        )
    return Markup("").join(drawn)


def _parts(kind: str, positions: Any) -> tuple[list[Any], list[Any]]:
    """The single positions of a geometry, and its lines or rings."""
    match kind:
        case "Point":
            return [positions], []
        case "LineString":
            return [], [positions]
        case "MultiPolygon":
            return [], [ring for polygon in positions for ring in polygon]
        case _:
            return [], positions


def _path(frame: Frame, line: Sequence[Sequence[Any]], is_area: bool) -> str:
    spots = list(_distinct(f"{x:.1f} {y:.1f}" for x, y in (frame.at(*p[:2]) for p in line)))
    return f"M{'L'.join(spots)}{'Z' if is_area else ''}"


def _distinct(texts: Iterable[str]) -> Iterator[str]:
    """Without what follows itself: positions closer than a tenth of a unit are one."""
    return (text for text, _ in groupby(texts))
