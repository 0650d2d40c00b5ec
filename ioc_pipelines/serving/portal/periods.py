"""When a period of ``marts.indicator_value`` is over."""

from __future__ import annotations


def ended_before(day: str) -> str:
    """SQL: whether the row's period ended before a day, given as the name of a parameter."""
    return f"""period_start + case period_type
        when 'day' then interval 1 day when 'week' then interval 7 day
        when 'month' then interval 1 month when 'quarter' then interval 3 month
        when 'half' then interval 6 month else interval 12 month end <= {day}"""
