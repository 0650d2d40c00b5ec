"""The page of an acceptance opens offline, names what failed and whom to ask, and escapes."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from html.parser import HTMLParser

from ioc_pipelines.serving.acceptance_page import Accepted, acceptance_page
from ioc_pipelines.warehouse.acceptance.report import Affected, MartReport, Report, Verdict

OF = Accepted("hung_yen", "20261122T190000-abcdef01", datetime(2026, 11, 22, 19, 5, tzinfo=UTC))
PASSED = Verdict("row_count", "Có ít nhất 1 dòng", "Has a row", "critical", "passed", "6 dòng")
FAILED = Verdict(
    "plausible_value",
    "Giá trị hợp lý <b>",
    "Plausible",
    "critical",
    "failed",
    "14.336 dòng",
    1234,
    (Affected("DISEASE_CASES_WEEK", "Số ca mắc", "so_y_te", "Sở Y tế", 1234),),
)
WARNED = Verdict("every_commune", "Đủ mọi xã", "Each commune", "warning", "failed", "thiếu 2", 2)
BROKEN = Verdict(
    "b", "Khóa", "Key", "critical", "error", problem="BinderException: x", trace="Bí Mật 7391"
)


class Seen(HTMLParser):
    """Words, ids, links, tags, cells of counts; every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.tags: set[str] = set()
        self.counts: dict[str, str] = {}
        self.words: list[str] = []
        self.open: list[tuple[str, str]] = []
        self.feed(text)
        assert self.open == []
        self.said = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        self.tags.add(tag)
        self.ids += [str(facts["id"])] if "id" in facts else []
        self.links |= {str(facts["href"])} if "href" in facts else set()
        if tag != "meta":
            self.open.append((tag, str(facts.get("id"))))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.open and self.open[-1][1].startswith("count-"):
            self.counts[self.open[-1][1].removeprefix("count-")] = data


def page(*verdicts: Verdict) -> tuple[str, Seen]:
    marts = (
        MartReport("marts.indicator_value", "Giá trị chỉ tiêu", "Values", verdicts),
        MartReport("core.pci", "Năng lực cạnh tranh", "Competitiveness", (PASSED,)),
    )
    text = acceptance_page(Report(marts), OF)
    return text, Seen(text)


def test_it_is_one_file_that_opens_without_a_network() -> None:
    text, seen = page(PASSED, FAILED)
    assert not seen.tags & {"script", "link", "img", "iframe", "form"}
    assert not re.search(r"https?:|//|url\(|@import", text)
    assert {link[1:] for link in seen.links} <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))
    assert unicodedata.is_normalized("NFC", text)
    assert '<html lang="vi">' in text


def test_counts_and_names() -> None:
    _, seen = page(PASSED, FAILED, WARNED)
    assert seen.counts == {"passed": "2", "failed": "1", "warning": "1", "error": "0"}
    assert "KHÔNG CÔNG BỐ: dữ liệu chưa đạt nghiệm thu." in seen.said
    assert "Số ca mắc ( DISEASE_CASES_WEEK ): 1.234 – Sở Y tế" in seen.said
    assert "02:05 23/11/2026 (giờ Việt Nam)" in seen.said  # not UTC
    assert OF.snapshot_id in seen.said
    assert "14.336 dòng" in seen.said
    for mart in ("marts.indicator_value", "core.pci"):
        assert mart in seen.ids


def test_what_it_shows_is_escaped() -> None:
    text, seen = page(FAILED)
    assert "Giá trị hợp lý <b>" in seen.said
    assert "&lt;b&gt;" in text
    assert "b" not in seen.tags


def test_an_accepted_build_with_a_warning() -> None:
    _, seen = page(PASSED, WARNED)
    assert "ĐƯỢC CÔNG BỐ. Có 1 cảnh báo cần xem." in seen.said
    assert "CẢNH BÁO" in seen.said
    assert seen.counts["failed"] == "0"


def test_nothing_to_look_at_where_all_is_well() -> None:
    _, seen = page(PASSED)
    assert "found" not in seen.ids
    assert seen.counts == {"passed": "2", "failed": "0", "warning": "0", "error": "0"}


def test_an_error_of_ours_is_no_failed_expectation_and_its_trace_is_not_shown() -> None:
    text, seen = page(PASSED, BROKEN)
    assert seen.counts == {"passed": "2", "failed": "0", "warning": "0", "error": "1"}
    assert "có kỳ vọng không kiểm tra được" in seen.said
    assert "BinderException: x" in seen.said
    assert "Bí Mật" not in text
