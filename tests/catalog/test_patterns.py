"""What a source says: words, a pattern, a template, and where it stands."""

from __future__ import annotations

import re

import pytest

from ioc_pipelines.catalog.columns import Column
from ioc_pipelines.catalog.load import load_catalog
from ioc_pipelines.catalog.patterns import (
    groups_of,
    is_first,
    is_left_of,
    names_in,
    pattern_of,
    words_of,
)
from ioc_pipelines.home import SOURCES


@pytest.mark.parametrize(
    ("source", "words", "first", "left"),
    [
        ("Số dự án", "Số dự án", False, False),
        ("left of Số dự án", "Số dự án", False, True),
        ("first Tổng chi", "Tổng chi", True, False),
        ("left of first Tổng chi", "Tổng chi", True, True),
        ("first /^Tổng/", "/^Tổng/", True, False),
        ("left of /^PCI/", "/^PCI/", False, True),
        ("firstborn", "firstborn", False, False),
        ("left over", "left over", False, False),
        ("Số first", "Số first", False, False),
        ("B", "B", False, False),
    ],
)
def test_where_a_source_stands(source: str, words: str, first: bool, left: bool) -> None:
    assert words_of(source) == words
    assert is_first(source) == first
    assert is_left_of(source) == left


@pytest.mark.parametrize("source", ["Số dự án", "Nam/Nữ", "/", "//", "/a", "a/", "first a/b/", ""])
def test_words_are_no_pattern(source: str) -> None:
    assert pattern_of(source) is None
    assert groups_of(source) == ()


@pytest.mark.parametrize(
    ("source", "matches", "other"),
    [
        ("/^Tháng \\d+$/", "tháng 7", "Tháng bảy"),
        ("left of /^Số dự án/", "SỐ DỰ ÁN cấp mới", "Tổng số dự án"),
        ("first /chi (cân đối )?ngân sách/", "Tổng chi ngân sách", "Tổng thu ngân sách"),
        ("/a/b/", "x a/b x", "a b"),
        ("/(?<!chưa )có trọng số/", "Điểm có trọng số", "Điểm chưa có trọng số"),
    ],
)
def test_a_pattern_is_matched_without_case(source: str, matches: str, other: str) -> None:
    pattern = pattern_of(source)
    assert pattern is not None
    assert pattern.search(matches)
    assert not pattern.search(other)


def test_the_named_groups_of_a_pattern_in_their_order() -> None:
    source = r"/tháng (?P<month>\d+)(?: năm|\/) ?(?P<year>\d{4})(x)?/"
    assert groups_of(source) == ("month", "year")
    assert groups_of(f"left of first {source}") == ("month", "year")
    assert groups_of("/(a)(?:b)/") == ()


@pytest.mark.parametrize("source", ["/(/", "/[a/", "first /*/", "left of /(?P<1>a)/"])
def test_what_is_no_regular_expression_is_an_error(source: str) -> None:
    with pytest.raises(re.error):
        pattern_of(source)


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{month}/{year}", ("month", "year")),
        ("{unit}", ("unit",)),
        ("{year}-{year}", ("year", "year")),
        ("Số {a_1} dự án", ("a_1",)),
        ("Tháng", ()),
        ("{}", ()),
        ("{Month}", ()),
        ("{1a}", ()),
        ("{a b}", ()),
        (r"/^\d{4}$/", ()),
        (r"/^\d{1,2}$/", ()),
    ],
)
def test_the_values_that_a_template_is_put_together_from(
    template: str, names: tuple[str, ...]
) -> None:
    assert names_in(template) == names


def test_the_forms_of_a_source_in_the_order_they_are_tried() -> None:
    column = Column(source="Số dự án", others=("/^Số DA/", "left of B"))
    assert column.sources == ("Số dự án", "/^Số DA/", "left of B")
    assert Column(source="B").sources == ("B",)


@pytest.mark.parametrize("profile", ["hung_yen", "open_data"])
def test_every_value_of_a_template_is_captured_or_a_group(profile: str) -> None:
    """As the feeds of the project are written: nothing is put together from what is not there."""
    templates = 0
    for entry in load_catalog(SOURCES / profile).active:
        columns = entry.feed.columns.values()
        captured = set(getattr(entry.feed.layout, "captures", {}))
        captured |= {g for column in columns for s in column.sources for g in groups_of(s)}
        for column in columns:
            for text in [*column.sources, column.unit or ""]:
                assert set(names_in(text)) <= captured, entry.id
                templates += bool(names_in(text))
    assert templates >= (4 if profile == "open_data" else 0)
