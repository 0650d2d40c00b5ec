"""Patterns as an officer reads them: words and examples, never the pattern."""

from __future__ import annotations

import re

import pytest

from contracts import formats
from ioc_pipelines.serving.pattern_words import pattern_in_words

SHAPE = "(0 là một chữ số)"


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"^\d{5}$", "5 chữ số"),
        (r"^\d$", "1 chữ số"),
        (r"^(\d{2}|\d{5})$", "2 chữ số hoặc 5 chữ số"),
        (r"^CTC-\d{6}-\d{5}$", f"dạng CTC-000000-00000 {SHAPE}"),
        (r"^\d\.\d{6}$", f"dạng 0.000000 {SHAPE}"),
        (r"^[A-Z]\d{2}$", "1 chữ in hoa không dấu, rồi 2 chữ số"),
        (r"^X[A-Z]\d{2}$", "dạng XA00 (0 là một chữ số, A là một chữ in hoa)"),
        (r"^\d{1,5}/GPXD$", "1 đến 5 chữ số, rồi “/GPXD”"),
        (r"^[a-z0-9-]+$", "chữ thường không dấu, chữ số hoặc dấu gạch ngang, dài tùy ý"),
        (r"^(Công ty|Ban) ", "bắt đầu bằng “Công ty” hoặc “Ban”"),
        (
            r"^(Cấp xã|Khác)(, (Cấp xã|Khác))*$",
            "một hoặc nhiều trong: Cấp xã, Khác; cách nhau bằng “, ”",
        ),
        (r"^abc", "bắt đầu bằng “abc”"),
    ],
)
def test_a_form_in_words(pattern: str, said: str) -> None:
    assert pattern_in_words(pattern) == said


@pytest.mark.parametrize(
    "pattern", [formats.MONTH, formats.QUARTER, formats.HALF_YEAR, formats.ISO_WEEK]
)
def test_periods_are_said_by_an_example_that_fits(pattern: str) -> None:
    said = str(pattern_in_words(pattern))
    examples = re.findall(r"2026\S*", said)
    assert examples
    assert all(re.fullmatch(pattern, example) for example in examples)


@pytest.mark.parametrize(
    "pattern", [r"^(?:x)y$", r"^[^x]+$", r"^\w+$", r"^a.b$", r"^ab?$", r"^(a|b)?$"]
)
def test_what_cannot_be_said_plainly_is_not_said(pattern: str) -> None:
    assert pattern_in_words(pattern) is None
