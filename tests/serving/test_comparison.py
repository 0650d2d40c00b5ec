"""What a value is against the year before: per cent, of rates points."""

from __future__ import annotations

import pytest

from ioc_pipelines.serving.comparison import change
from ioc_pipelines.serving.portal.texts import Speaker


@pytest.mark.parametrize(
    ("value", "before", "unit", "by"),
    [
        (110, 80, "tỷ đồng", 37.5),
        (93.04, 92.48, "%", 0.56),
        (80, 83.5, "điểm", -3.5),
        (5, 0, "vụ", None),  # per cent of nothing
        (5, -2, "triệu USD", None),
        (5, 0, "%", 5),
    ],
)
def test_the_change_is_in_per_cent_or_in_points(
    value: float, before: float, unit: str, by: float | None
) -> None:
    assert change(value, before, unit) == (None if by is None else pytest.approx(by))


@pytest.mark.parametrize(
    ("value", "before", "unit", "vi", "en"),
    [
        (110, 80, "đồng", "+37,5 %", "+37.5 %"),
        (2.26, 2.36, "%", "-0,1 điểm %", "-0.1 points"),
        (86.16, 83.38, "điểm", "+2,78 điểm", "+2.78 points"),
        (112.8, 112.8, "%", "0 điểm %", "0 points"),
        (None, 1, "%", "–", "–"),
        (1, None, "%", "–", "–"),
        (5, 0, "vụ", "–", "–"),
    ],
)
def test_the_portal_says_it_in_both_languages(
    value: float | None, before: float | None, unit: str, vi: str, en: str
) -> None:
    said = [Speaker(language).change(value, before, unit) for language in ("vi", "en")]
    assert said == [vi, en]
