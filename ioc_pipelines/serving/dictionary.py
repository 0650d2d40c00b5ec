"""The data dictionary: every contract for people, in Vietnamese and English, as one HTML file.

It opens without a network: styles are inside, there is no script.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ioc_pipelines.serving.contract_bounds import bounds_of, is_bound
from ioc_pipelines.serving.contract_form import (
    CODE,
    MAX_AGE,
    NOT_FUTURE,
    REFERENCE,
    ContractForm,
    RuleForm,
)
from ioc_pipelines.serving.pattern_words import pattern_in_words
from ioc_pipelines.serving.templates import templates

_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "types": {
        "varchar": ("văn bản", "text"),
        "bigint": ("số nguyên", "integer"),
        "double": ("số thập phân", "number"),
        "boolean": ("đúng hoặc sai", "true or false"),
        "date": ("ngày", "date"),
        "timestamp": ("ngày và giờ Việt Nam", "date and time in Viet Nam"),
    },
    "load_modes": {
        "append": ("thêm dòng mới, không thay dòng cũ", "new rows are added"),
        "upsert": ("dòng mới thay dòng cũ cùng khóa", "the newest row of a key counts"),
        "snapshot": (
            "lần gửi mới thay toàn bộ lần gửi trước; khóa không còn gửi thì đóng lại",
            "the newest delivery replaces the one before; a key no longer sent is closed",
        ),
    },
    "publish": {
        "rows": (
            "công bố từng dòng, trừ cột dữ liệu cá nhân",
            "rows, without columns of personal data",
        ),
        "aggregate": ("chỉ công bố số liệu tổng hợp", "aggregated figures only"),
        "none": ("không công bố", "nothing"),
    },
}


class RuleInWords(NamedTuple):
    """One rule as an officer and an engineer read it."""

    id: str
    vi: str
    en: str


def dictionary(forms: Sequence[ContractForm]) -> str:
    """The HTML text of the dictionary of these contracts."""
    environment = templates()
    titles = {form.dataset: {c.name: c.title_vi for c in form.columns} for form in forms}
    template = environment.get_template("dictionary.html.jinja")
    return template.render(datasets=forms, titles=titles, words=_WORDS, rules_of=rules_in_words)


def rules_in_words(form: ContractForm, column: str | None) -> list[RuleInWords]:
    """The rules of a column; for None those between columns and of the whole batch."""
    is_wide = column is None
    return [
        RuleInWords(rule.id, _in_vietnamese(rule), _in_english(rule))
        for rule in form.rules
        if (rule.column is None or rule.kind == "batch") == is_wide
        and (is_wide or rule.column == column)
    ]


def _in_vietnamese(rule: RuleForm) -> str:
    """The message that an officer gets, and what it leaves unsaid: the list, the form."""
    asked, detail = rule.parameters, ""
    match rule.kind:
        case "isin":
            detail = f"; được phép: {_listed(asked['allowed_values'])}"
        case "notin":
            detail = f"; không được phép: {_listed(asked['forbidden_values'])}"
        case "str_matches":
            # the pattern itself stands with the English text
            said = pattern_in_words(str(asked["pattern"]))
            detail = f"; phải là: {said}" if said else ""
    held = "; cả lô chờ người có thẩm quyền duyệt" if rule.holds else ""
    return f"{rule.message_vi}{detail}{held}"


def _in_english(rule: RuleForm) -> str:
    return _asked_in_english(rule) + ("; holds the batch for approval" if rule.holds else "")


def _asked_in_english(rule: RuleForm) -> str:
    asked = rule.parameters
    said = {
        "isin": f"one of: {_listed(asked.get('allowed_values', []))}",
        "notin": f"none of: {_listed(asked.get('forbidden_values', []))}",
        "str_matches": f"matches {asked.get('pattern')}",
        "unique": "no two rows alike",
        REFERENCE: f"a code in force of the list {asked.get('list')}",
        NOT_FUTURE: "not after the moment of arrival",
        MAX_AGE: f"at most {asked.get('days')} days old at arrival",
    }
    if is_bound(rule):
        return f"in the range {bounds_of([rule]).said()}"
    return said.get(rule.kind) or _by_name(rule)


def _by_name(rule: RuleForm) -> str:
    """A rule written as code, by its name and what it was given."""
    given = {name: value for name, value in rule.parameters.items() if name != CODE}
    name = rule.id.split(".", 1)[1].replace("_", " ")
    said = ", ".join(f"{key} {_value(value)}" for key, value in given.items())
    return f"{name} ({said})" if said else name


def _value(value: Any) -> str:
    return _listed(value) if isinstance(value, list) else str(value)


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values))
