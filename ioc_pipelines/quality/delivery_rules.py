"""Rules about the delivery itself: did its files come, can they be read, is the feed on time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from contracts.base import Rule
from ioc_pipelines.quality.evaluate import RuleResult

SOURCE_FILES = Rule("complete.source_files", None, "Thiếu tệp hoặc tệp không dùng được")
STRUCTURE = Rule("correct.structure", None, "Cấu trúc tệp khác với cấu trúc đã thống nhất")
CONTROL_TOTAL = Rule("correct.control_total", None, "Số tổng khác tổng các dòng thành phần")
CORRECTION_APPLIES = Rule(
    "correct.correction_applies",
    None,
    "Nguồn gửi giá trị khác với lỗi đã đăng ký: cần xem lại và gỡ bản ghi đính chính",
)
ON_TIME = Rule("live.on_time", None, "Dữ liệu đã quá hạn cập nhật")

# when nothing at all passes one of these, the dimension is 0 whatever the last good batch was
GATES = frozenset({SOURCE_FILES.id, STRUCTURE.id, ON_TIME.id})


def file_results(read: int, refused: int, missing: int) -> list[RuleResult]:
    """How the files of a delivery fared: ``read``, ``refused`` and those no longer there."""
    return [
        RuleResult(SOURCE_FILES, read, read + refused + missing),
        RuleResult(STRUCTURE, read, read + refused),
    ]


def control_result(tied: int, compared: int) -> list[RuleResult]:
    """How many totals of the files equal the sum of their parts; nothing where none is stated."""
    return [RuleResult(CONTROL_TOTAL, tied, compared)] if compared else []


def correction_result(
    applied: Sequence[str], differ: Sequence[str], absent: Sequence[str]
) -> list[RuleResult]:
    """How many known errors are still sent as the register says, by the corrections' ids.

    One whose row does not come at all is told, and is no error. Nothing where there is none.
    """
    if not (applied or differ or absent):
        return []
    parts = (("no longer as expected", differ), ("row not sent", absent))
    detail = "; ".join(f"{what}: {', '.join(ids)}" for what, ids in parts if ids)
    return [RuleResult(CORRECTION_APPLIES, len(applied), len(applied) + len(differ), detail)]


def on_time_result(age: timedelta, late_after: timedelta) -> RuleResult:
    """Whether the feed's last good news is young enough."""
    return RuleResult(ON_TIME, int(age <= late_after), 1)


def over_baseline(baseline: Iterable[RuleResult], fresh: Iterable[RuleResult]) -> list[RuleResult]:
    """What the last good batch left, with what this delivery found in its place."""
    merged = {(result.rule.id, result.rule.column): result for result in baseline}
    merged.update({(result.rule.id, result.rule.column): result for result in fresh})
    return list(merged.values())
