"""The data dictionary opens offline, says everything in both languages, and escapes what it is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from typer.testing import CliRunner

from contracts.base import BatchRule, Rule, column
from contracts.batch_rules import periods_without_gaps
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.cli import app
from ioc_pipelines.serving.contract_form import ContractForm, form_of
from ioc_pipelines.serving.dictionary import dictionary, rules_in_words
from tests.quality.frames import contract_of

FORMS = [form_of(contract) for contract in all_contracts().values()]


class Seen(HTMLParser):
    """The words, the anchors, and every tag left open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        self.said = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        self.tags.add(tag)
        self.ids |= {str(facts["id"])} if "id" in facts else set()
        self.links |= {str(facts["href"])} if "href" in facts else set()
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_it_is_one_file_that_opens_without_a_network() -> None:
    text = dictionary(FORMS)
    seen = Seen(text)
    assert seen.open == []
    assert not seen.tags & {"script", "link", "img", "iframe"}
    assert not re.search(r"https?:|url\(|@import", text)
    assert seen.links == {f"#{form.dataset}" for form in FORMS}
    assert {link[1:] for link in seen.links} <= seen.ids
    assert unicodedata.is_normalized("NFC", text)
    assert len(text.encode()) < 400_000


def test_every_dataset_column_and_rule_is_said() -> None:
    said = Seen(dictionary(FORMS)).said
    for form in FORMS:
        for text in (form.title_vi, form.title_en, form.grain, form.basis, form.version):
            assert " ".join(text.split()) in said
        for col in form.columns:
            assert {col.title_vi in said, col.title_en in said, col.name in said} == {True}
            assert (col.unit or "") in said
        for rule in form.rules:
            assert rule.message_vi in said


def test_each_rule_of_a_dataset_is_said_once() -> None:
    for form in FORMS:
        places = [None, *(col.name for col in form.columns)]
        said = [rule.id for place in places for rule in rules_in_words(form, place)]
        assert sorted(said) == sorted(rule.id for rule in form.rules)


def test_rules_in_words() -> None:
    held = replace(periods_without_gaps(period="period", every="month"), holds=True)
    assert isinstance(held, BatchRule)
    assert isinstance(held.rule, Rule)
    form = form_of(
        contract_of(
            {
                "kind": (str, column(vi="Loại", en="Kind", isin=["a", "b"])),
                "rate": (float, column(vi="Tỷ lệ", en="Rate", ge=0, lt=1)),
                "period": (str, column(vi="Kỳ", en="Period", str_matches=r"^\d{4}$")),
                "code": (str, column(vi="Mã", en="Code", references="list.one", unique=True)),
            },
            key=("code",),
            __batch_rules__=(held,),
        )
    )
    words = {name: [(r.vi, r.en) for r in rules_in_words(form, name)] for name in
             ("kind", "rate", "period", "code", None)}  # fmt: skip
    assert words["kind"] == [
        ("Loại không thuộc danh mục cho phép; được phép: a, b", "one of: a, b")
    ]
    assert words["rate"] == [
        ("Tỷ lệ phải từ 0 trở lên", "in the range [0, …"),
        ("Tỷ lệ phải nhỏ hơn 1", "in the range …, 1)"),
    ]
    assert words["period"] == [("Kỳ sai định dạng quy định; phải là: 4 chữ số", r"matches ^\d{4}$")]
    assert words["code"] == [
        ("Mã trùng với dòng khác", "no two rows alike"),
        ("Mã không có trong danh mục hiện hành", "a code in force of the list list.one"),
    ]
    assert words[None] == [
        (
            "Thiếu kỳ báo cáo ở giữa chuỗi; cả lô chờ người có thẩm quyền duyệt",
            "no missing period (every month, period period); holds the batch for approval",
        )
    ]


def test_what_a_contract_says_is_text_and_no_markup() -> None:
    plain = FORMS[0].model_dump()
    hostile = ContractForm.model_validate({**plain, "title_vi": "<script>alert(1)</script> & co"})
    text = dictionary([hostile])
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in text


def test_the_command_writes_the_file(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["contracts", "docs", "--output", str(tmp_path / "new")])
    assert done.exit_code == 0
    (path,) = (tmp_path / "new").iterdir()
    assert path.read_text(encoding="utf-8") == dictionary(FORMS)
