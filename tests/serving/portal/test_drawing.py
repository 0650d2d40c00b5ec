"""Drawings show what they are given: axes, classes of colour, gaps, places."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ioc_pipelines.serving.portal.drawing import (
    Dot,
    Frame,
    Thing,
    bounds_of_classes,
    class_of,
    drawn_map,
    frame_of,
    series,
    sparkline,
    ticks,
)

FIGURES = st.lists(st.floats(-1e14, 1e14).map(lambda v: round(v, 3)), min_size=1, max_size=40)


@given(FIGURES)
def test_an_axis_spans_all_values_in_even_steps(values: list[float]) -> None:
    found = ticks(values)
    span = max(abs(v) for v in values) or 1
    assert found[0] <= min(values) + span * 1e-6
    assert found[-1] >= max(values) - span * 1e-6
    assert 2 <= len(found) <= 8
    steps = [b - a for a, b in itertools.pairwise(found)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-6, abs=1e-9)


@example([0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
@given(FIGURES)
def test_the_classes_of_a_map_follow_the_values(values: list[float]) -> None:
    bounds = bounds_of_classes(values)
    classes = [class_of(v, bounds) for v in sorted(values)]
    assert classes == sorted(classes)
    assert set(classes) <= {"q1", "q2", "q3", "q4", "q5"}
    if len(set(values)) > 1:
        assert (classes[0], classes[-1]) == ("q1", "q5")


def test_no_value_is_a_class_of_its_own() -> None:
    assert class_of(None, [1.0]) == "none"
    assert bounds_of_classes([None, None]) == []


def test_a_gap_parts_the_line_and_a_preliminary_value_looks_different() -> None:
    dots = [Dot("1", 1.0, "a"), Dot("2", None, "b"), Dot("3", 3.0, "c", is_preliminary=True)]
    drawn = series(dots, 2.0, {0.0: "0", 4.0: "4"}, "so & so")
    assert drawn.count('<polyline class="line"') == 2
    assert drawn.count('class="dot"') == 1
    assert drawn.count('class="dot preliminary"') == 1
    assert 'aria-label="so &amp; so"' in drawn
    assert "style" not in drawn


def test_higher_is_drawn_higher() -> None:
    drawn = series([Dot("1", 1.0, "a"), Dot("2", 2.0, "b")], None, {0.0: "0", 2.0: "2"}, "x")
    low, high = re.findall(r'<circle class="dot" cx="[\d.]+" cy="([\d.]+)"', drawn)
    assert float(high) < float(low)


def test_a_sparkline_needs_two_values() -> None:
    assert sparkline([1.0, None], "x") == ""
    assert "<polyline" in sparkline([1.0, 2.0], "x")


def test_a_degree_east_is_as_long_as_it_is_there() -> None:
    # at 60° north a degree east is half as long as one north
    frame = Frame(10, 59.5, 11, 60.5)
    assert frame.height == pytest.approx(2000, rel=1e-3)
    assert frame.at(10, 60.5) == (0, 0)
    assert frame.at(11, 59.5) == (1000, pytest.approx(frame.height))


def test_shapes_of_every_kind_are_drawn_and_their_names_are_text() -> None:
    shapes = {
        '{"type":"Point","coordinates":[0.5,0.5]}': "circle",
        '{"type":"LineString","coordinates":[[0,0],[1,1]]}': "path",
        '{"type":"MultiLineString","coordinates":[[[0,0],[1,1]],[[1,0],[0,1]]]}': "path",
        '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}': "path",
        '{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}': "path",
    }
    frame = frame_of([(0, 0, 1, 1)])
    for geometry, tag in shapes.items():
        drawn = drawn_map(frame, [Thing(geometry, "area q1", "<b>")], "x")
        assert f'<{tag} class="area q1' in drawn
        assert "<title>&lt;b&gt;</title>" in drawn
