"""A catalog that is wrong is refused with file, feed and field; else it says what is fetched."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.base import column
from ioc_pipelines.catalog.connectors import FilesConnector
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.errors import CatalogError
from ioc_pipelines.catalog.layouts import CsvLayout
from ioc_pipelines.catalog.load import Catalog, FeedEntry, load_catalog
from ioc_pipelines.home import SOURCES
from tests.quality.frames import contract_of

CONTRACT = contract_of(
    {"code": (str, column(vi="Mã", en="code")), "amount": (int, column(vi="Số", en="amount"))},
    key=("code",),
)
MEASURED = contract_of(
    {
        "code": (str, column(vi="Mã", en="code")),
        "amount": (float, column(vi="Số", en="amount", unit="triệu đồng")),
    },
    key=("code",),
)
CONTRACTS = {"finance.made_up": CONTRACT, "finance.measured": MEASURED}
LETTER = {"number": "12/VP-IOC", "dated": "2026-10-05"}

PROFILE: dict[str, Any] = {
    "code": "tinh_thu",
    "title_vi": "Tỉnh thử",
    "title_en": "Test province",
    "province_code": "33",
    "letters_required": True,
    "legal_basis": [{"document": "Quyết định 1", "valid_from": "2025-09-21"}],
}
FEED: dict[str, Any] = {
    "dataset": "finance.made_up",
    "title_vi": "Thu thử",
    "status": {"state": "active", "since": "2026-11-01"},
    "classification": "internal",
    "sharing": "default",
    "cadence": "monthly",
    "late_after": "35d",
    "head": {"position": "Giám đốc", "unit": "Sở"},
    "focal_point": {"position": "Trưởng phòng", "unit": "Sở"},
    "letters": {"request": LETTER, "consent": LETTER},
    "connector": {"kind": "files", "root_env": "IOC_DROP", "pattern": "so/*.csv"},
    "layout": {
        "format": "csv",
        "delimiter": ";",
        "captures": {"unit": {"where": "title", "pattern": "Đơn vị: (.*)"}},
    },
    "columns": {"code": "Mã", "amount": {"source": "Số", "number": "vi"}},
}
AGENCY: dict[str, Any] = {
    "code": "so_thu",
    "name_vi": "Sở thử",
    "name_en": "Test department",
    "level": "provincial",
    "feeds": [FEED],
}
PLANNED = {"state": "planned", "since": "2026-11-01", "reason": "Chờ biểu mẫu"}
Write = Callable[..., Path]
_GONE = object()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a profile's folder: file stem to its content, as data or as text."""

    def make(**files: Any) -> Path:
        folder = tmp_path / "tinh_thu"
        folder.mkdir(exist_ok=True)
        for stem, content in ({"profile": PROFILE, "so_thu": AGENCY} | files).items():
            text = (
                content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
            )
            (folder / f"{stem}.yaml").write_text(text, encoding="utf-8")
        return folder

    return make


def agency(*feeds: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return AGENCY | {"feeds": list(feeds)} | changes


def feed(path: str = "", value: Any = _GONE, **changes: Any) -> dict[str, Any]:
    """The feed with fields changed, or the one at ``path`` set or taken away."""
    changed = copy.deepcopy(FEED) | changes
    if path:
        *parents, last = path.split(".")
        place = changed
        for parent in parents:
            place = place[parent]
        if value is _GONE:
            del place[last]
        else:
            place[last] = value
    return changed


def load(folder: Path) -> Catalog:
    return load_catalog(folder, CONTRACTS)


def problems(folder: Path) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        load(folder)
    assert caught.value.problems
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    return caught.value.problems


def only_problem(folder: Path) -> str:
    found = problems(folder)
    assert len(found) == 1, found
    return found[0]


# --- a catalog that is right --------------------------------------------------------------------


def test_a_valid_catalog(write: Write) -> None:
    second = feed(variant="quy", late_after="26h", acceptance_floor=0.5)
    catalog = load(write(so_thu=agency(feed(), second)))
    assert catalog.profile.code == "tinh_thu"
    assert [entry.id for entry in catalog.entries] == [
        "so_thu/finance.made_up",
        "so_thu/finance.made_up/quy",
    ]
    assert catalog.active == catalog.entries == catalog.feeds_of("finance.made_up")
    assert catalog.feeds_of("finance.other") == ()
    first, other = (entry.feed for entry in catalog.entries)
    assert (first.late_after, other.late_after) == (timedelta(days=35), timedelta(hours=26))
    assert (first.acceptance_floor, other.acceptance_floor) == (0.8, 0.5)
    assert isinstance(first.connector, FilesConnector)
    assert first.columns["code"].source == "Mã"
    assert catalog.entries[0].required_contract() is CONTRACT


def test_agencies_in_the_order_of_their_files(write: Write) -> None:
    others = {code: agency(feed(), code=code) for code in ("b_so", "a_so")}
    catalog = load(write(**others))
    assert [entry.agency.code for entry in catalog.entries] == ["a_so", "b_so", "so_thu"]


def test_an_agency_without_feeds_is_fine(write: Write) -> None:
    without = {name: value for name, value in AGENCY.items() if name != "feeds"}
    assert load(write(so_thu=without)).entries == ()


def test_a_planned_feed_needs_no_connector_and_is_not_active(write: Write) -> None:
    planned = feed(status=PLANNED, dataset="finance.not_yet")
    for name in ("connector", "layout", "columns", "letters"):
        del planned[name]
    catalog = load(write(so_thu=agency(feed(), planned)))
    entry = catalog.entries[1]
    assert (entry.id, entry.is_active, entry.contract) == (
        "so_thu/finance.not_yet",
        False,
        None,
    )
    assert [e.id for e in catalog.active] == ["so_thu/finance.made_up"]
    assert catalog.feeds_of("finance.not_yet") == ()
    with pytest.raises(LookupError, match=r"so_thu/finance\.not_yet"):
        entry.required_contract()


def test_the_profile_says_which_of_two_feeds_goes_first(write: Write) -> None:
    order = {"finance.made_up": ["so_thu/finance.made_up/quy", "so_thu/finance.made_up"]}
    two = agency(feed(), feed(variant="quy"))
    catalog = load(write(profile=PROFILE | {"precedence": order}, so_thu=two))
    assert catalog.profile.precedence == {"finance.made_up": tuple(order["finance.made_up"])}


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ({"finance.made_up": ["so_thu/finance.made_up", "so_khac/a.b"]}, "no feed 'so_khac/a.b'"),
        ({"finance.measured": ["so_thu/finance.made_up"] * 2}, "no feed 'so_thu/finance.made_up'"),
        ({"finance.made_up": ["so_thu/finance.made_up"] * 2}, "is given twice"),
        ({"finance.made_up": ["so_thu/finance.made_up"]}, "at least 2 items"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_precedence_of_feeds_that_are_not_there_is_refused(
    write: Write, order: dict[str, list[str]], problem: str
) -> None:
    told = problems(write(profile=PROFILE | {"precedence": order}))
    assert all(t.startswith("profile.yaml: precedence.finance") for t in told)
    assert any(problem in t for t in told)


def test_sinks_of_alerts_choose_by_what_there_is(write: Write) -> None:
    good = {"name": "leaders", "scenarios": ["SECTOR"], "agencies": ["so_y_te"]}
    profile = load(write(profile=PROFILE | {"alert_sinks": [good, {"name": "all"}]})).profile
    assert [sink.name for sink in profile.alert_sinks] == ["leaders", "all"]


@pytest.mark.parametrize(
    ("sinks", "problem"),
    [
        ([{"name": "a", "scenarios": ["SECTORS"]}], "alert_sinks.a.scenarios: no 'SECTORS'"),
        ([{"name": "a", "agencies": ["so_ma"]}], "alert_sinks.a.agencies: no 'so_ma'"),
        ([{"name": "a"}, {"name": "a"}], "alert_sinks.a: two sinks have this name"),
        ([{"name": "a", "kinds": ["missed"]}], "alert_sinks.0.kinds.0"),
        ([{"name": "a", "url_env": "mailto://x"}], "alert_sinks.0.url_env"),
    ],
)
def test_a_sink_that_would_never_hear_is_refused(
    write: Write, sinks: list[dict[str, object]], problem: str
) -> None:
    assert any(
        problem in told for told in problems(write(profile=PROFILE | {"alert_sinks": sinks}))
    )


def test_two_sinks_of_failed_runs_with_one_name_are_refused(write: Write) -> None:
    sinks = [{"name": "a"}, {"name": "b"}, {"name": "a"}]
    told = problems(write(profile=PROFILE | {"run_sinks": sinks}))
    assert set(told) == {"profile.yaml: run_sinks.a: two sinks have this name"}


@pytest.mark.parametrize("state", ["planned", "suspended", "retired"])
def test_only_an_active_feed_is_fetched(write: Write, state: str) -> None:
    status = {"state": state, "since": "2026-11-01", "reason": "Lý do"}
    entry = load(write(so_thu=agency(feed(status=status)))).entries[0]
    assert not entry.is_active
    assert not entry.is_withdrawn


def test_a_withdrawn_consent_stops_the_feed(write: Write) -> None:
    letters = {"request": LETTER, "consent": LETTER, "withdrawn": LETTER}
    catalog = load(write(so_thu=agency(feed(letters=letters))))
    entry: FeedEntry = catalog.entries[0]
    assert entry.feed.status.state == "active"
    assert (entry.is_withdrawn, entry.is_active) == (True, False)
    assert catalog.active == ()


def test_letters_only_where_the_profile_asks_for_them(write: Write) -> None:
    without = feed("letters")
    open_profile = PROFILE | {"letters_required": False}
    assert load(write(profile=open_profile, so_thu=agency(without))).active


@pytest.mark.parametrize("level", ["public", "internal", "confidential"])
def test_classes_below_secret_are_taken(write: Write, level: str) -> None:
    entry = load(write(so_thu=agency(feed(classification=level)))).entries[0]
    assert entry.feed.classification == level


# --- refusals, each with file, feed and field ---------------------------------------------------

HERE = "so_thu.yaml: feed so_thu/finance.made_up: "


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param(feed("classification"), "classification: ", id="no classification"),
        pytest.param(feed(classification="top"), "classification: ", id="unknown class"),
        pytest.param(feed("title_vi"), "title_vi: ", id="no title"),
        pytest.param(feed("head"), "head: ", id="no head"),
        pytest.param(feed("focal_point.position", ""), "focal_point.position: ", id="no position"),
        pytest.param(feed(colour="red"), "colour: Extra inputs", id="unknown field"),
        pytest.param(
            feed("layout.headers", 2), "layout.csv.headers: Extra inputs", id="unknown layout field"
        ),
        pytest.param(
            feed("columns.code", {"source": "Mã", "trim": True}),
            "columns.code.trim: Extra inputs",
            id="unknown column field",
        ),
        pytest.param(feed("status.state", "open"), "status.state: ", id="unknown state"),
        pytest.param(
            feed(status={"state": "suspended", "since": "2026-11-01"}),
            "needs a reason",
            id="no reason",
        ),
        pytest.param(feed("status.since", "31/12/2026"), "status.since: ", id="bad date"),
        pytest.param(feed("connector"), "an active feed needs connector", id="no connector"),
        pytest.param(feed("layout"), "an active feed needs layout", id="no layout"),
        pytest.param(feed("columns"), "an active feed needs columns", id="no columns"),
        pytest.param(feed("connector.kind", "ftp"), "connector: ", id="unknown connector"),
        pytest.param(
            feed("connector.root_env", "/data"), "connector.files.root_env: ", id="a path"
        ),
        pytest.param(feed("layout.format", "pdf"), "layout: ", id="unknown format"),
        pytest.param(
            feed(
                layout={
                    "format": "csv",
                    "captures": {"month": {"where": "file", "pattern": "(\\d+"}},
                }
            ),
            "layout.csv.captures.month.0.pattern: Value error, not a regular expression",
            id="bad capture",
        ),
        pytest.param(
            feed(layout={"format": "xlsx", "sheet": "[a"}),
            "layout.xlsx.sheet: Value error, not a regular expression",
            id="bad sheet",
        ),
        pytest.param(
            feed(layout={"format": "xlsx", "sheet": "a", "skip_rows": "*"}),
            "layout.xlsx.skip_rows: Value error, not a regular expression",
            id="bad skip",
        ),
        pytest.param(
            feed(
                layout={
                    "format": "csv",
                    "captures": {
                        "month": [
                            {"where": "title", "pattern": r"(\d+)"},
                            {"where": "file", "pattern": "(\\d+"},
                        ]
                    },
                }
            ),
            "layout.csv.captures.month.1.pattern: Value error, not a regular expression",
            id="bad second capture",
        ),
        pytest.param(
            feed(layout={"format": "csv", "members": "*.csv"}),
            "layout.csv.members: Value error, not a regular expression",
            id="bad members",
        ),
        pytest.param(
            feed(layout={"format": "csv", "totals": [{"rows": "(a"}]}),
            "layout.csv.totals.0.rows: Value error, not a regular expression",
            id="bad total",
        ),
        pytest.param(
            feed(layout={"format": "csv", "header_rows": [5, 2]}),
            "layout.csv: Value error, header_rows: the least comes first",
            id="header rows backwards",
        ),
        pytest.param(
            feed(layout={"format": "csv", "header_rows": [0, 2]}),
            "layout.csv.header_rows.0: ",
            id="no header rows",
        ),
        pytest.param(
            feed(layout={"format": "csv", "encoding": "tcvn3"}),
            "layout.csv.encoding: ",
            id="unknown encoding",
        ),
        pytest.param(
            feed("columns.code", {"source": r"/^Tháng (?P<month>\d+$/"}),
            "columns.code: Value error, source /^Tháng (?P<month>\\d+$/: not a regular expression",
            id="bad source",
        ),
        pytest.param(
            feed("columns.code", {"source": "Mã", "others": ["left of first /[/"]}),
            "columns.code: Value error, source left of first /[/: not a regular expression",
            id="bad other source",
        ),
        pytest.param(
            feed("columns.code", "first /*/"),
            "columns.code: Value error, source first /*/: not a regular expression",
            id="bad source alone",
        ),
        pytest.param(
            feed("columns.amount", {"source": "Số", "unit": "{count} {base}"}),
            "columns.amount: Value error, unit {count} {base}: one unit",
            id="two values as a unit",
        ),
        pytest.param(
            feed("columns.amount", {"source": "Số", "unit": ""}),
            "columns.amount.unit: ",
            id="empty unit",
        ),
        pytest.param(
            feed("columns.amount", {"source": "Số", "words": {"tỷ": "nhiều"}}),
            "columns.amount.words.tỷ: ",
            id="a word that is no number",
        ),
        pytest.param(
            feed("columns.amount", {"source": "Số", "number": "fr"}),
            "columns.amount.number: ",
            id="unknown number form",
        ),
        pytest.param(
            feed("columns.code", {"source": "Mã", "names": "Tỉnh"}),
            "columns.code.names.0: ",
            id="bad name of a list",
        ),
        pytest.param(feed("late_after", "35 days"), "late_after: ", id="bad age"),
        pytest.param(feed("late_after", 35), "late_after: ", id="an age without its unit"),
        pytest.param(feed("late_after"), "late_after: ", id="no age"),
        pytest.param(feed(cadence="often"), "cadence: ", id="unknown cadence"),
        pytest.param(feed(sharing="open"), "sharing: ", id="unknown sharing"),
        pytest.param(feed(acceptance_floor=80), "acceptance_floor: ", id="floor in percent"),
        pytest.param(feed(variant="Quý 1"), "variant: ", id="bad variant"),
        pytest.param(
            feed("columns.code", {"source": "Mã", "period": "month"}),
            "columns.code: Value error, period needs the date form",
            id="period without date",
        ),
        pytest.param(feed("columns.code", {"source": ""}), "columns.code.source: ", id="no source"),
        pytest.param(
            feed(letters={"request": {"number": "", "dated": "2026-10-05"}, "consent": LETTER}),
            "letters.request.number: ",
            id="letter without number",
        ),
    ],
)
def test_a_feed_that_is_not_as_it_must_be(write: Write, changed: dict[str, Any], said: str) -> None:
    found = only_problem(write(so_thu=agency(changed)))
    assert found.startswith(HERE)
    assert said in found


@pytest.mark.parametrize("name", ["request", "consent"])
def test_a_letter_that_the_profile_asks_for(write: Write, name: str) -> None:
    found = only_problem(write(so_thu=agency(feed(f"letters.{name}"))))
    assert found.startswith(f"{HERE}letters.{name}: this profile asks for it")


def test_without_letters_both_are_named(write: Write) -> None:
    found = problems(write(so_thu=agency(feed("letters"))))
    assert [line.removeprefix(HERE).split(":")[0] for line in found] == [
        "letters.request",
        "letters.consent",
    ]


LISTED = {
    "document": "Danh mục cơ sở dữ liệu dùng chung, Quyết định 862/QĐ-UBND",
    "dated": "2022-07-04",
    "entries": {"DC.07": "Thu ngân sách"},
}


@pytest.mark.parametrize(
    ("reference", "said"), [("DC.99", "'DC.99' is no entry"), (None, "none is no entry")]
)
def test_data_on_no_permitted_list_is_refused_naming_the_list(
    write: Write, reference: str | None, said: str
) -> None:
    """B16: only data of the shared list, or of an official list of indicators, is taken in."""
    profile = PROFILE | {"permitted_lists": [LISTED]}
    folder = write(profile=profile, so_thu=agency(feed(shared_catalogue_ref=reference)))
    with pytest.raises(CatalogError) as found:
        load_catalog(folder, CONTRACTS)
    (problem,) = found.value.problems
    assert said in problem
    assert "Quyết định 862/QĐ-UBND (04/07/2022) (B16)" in problem


def test_data_of_any_permitted_list_is_taken(write: Write) -> None:
    other = LISTED | {"document": "Hệ thống chỉ tiêu thống kê", "entries": {"0101": "Dân số"}}
    profile = PROFILE | {"permitted_lists": [LISTED, other]}
    both = [feed(shared_catalogue_ref="0101"), feed(shared_catalogue_ref="DC.07", variant="hai")]
    catalog = load_catalog(write(profile=profile, so_thu=agency(*both)), CONTRACTS)
    assert len(catalog.active) == 2
    planned = agency(feed(status=PLANNED))  # what is only planned may still be added to the list
    assert len(load_catalog(write(profile=profile, so_thu=planned), CONTRACTS).entries) == 1


@pytest.mark.parametrize("status", [FEED["status"], PLANNED])
def test_a_secret_feed_is_refused_whatever_its_status(write: Write, status: Any) -> None:
    found = only_problem(write(so_thu=agency(feed(classification="secret", status=status))))
    assert found.startswith(f"{HERE}classification: ")
    assert "'secret'" in found


@pytest.mark.parametrize(
    ("connector", "wrong"),
    [
        ({"kind": "sql", "url_env": "IOC_X_URL", "table": "t"}, False),
        ({"kind": "sql", "url_env": "IOC_X_URL", "table": "t", "watermark": "w"}, True),
        ({"kind": "rest", "url_env": "IOC_X_URL", "path": "/x"}, False),
        (
            {
                "kind": "lgsp",
                "url_env": "IOC_X_URL",
                "catalogue": "X",
                "changes": {"param": "tuNgay", "field": "CapNhatLuc"},
            },
            True,
        ),
    ],
)
def test_a_snapshot_is_never_fed_with_changes_only(
    write: Write, connector: dict[str, Any], wrong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = replace(CONTRACT.info(), load_mode="snapshot")
    monkeypatch.setattr(CONTRACT, "__contract__", info)
    columns = {"code": "code", "amount": "amount"}
    layout = {"format": "parquet" if connector["kind"] == "sql" else "json"}
    folder = write(so_thu=agency(feed(connector=connector, layout=layout, columns=columns)))
    if wrong:
        assert "load mode 'snapshot' would close every key" in only_problem(folder)
    else:
        load(folder)


def test_an_unknown_contract(write: Write) -> None:
    found = only_problem(write(so_thu=agency(feed(dataset="finance.other"))))
    assert found == (
        "so_thu.yaml: feed so_thu/finance.other: dataset: no contract 'finance.other' in contracts/"
    )


def test_a_column_that_the_contract_does_not_have(write: Write) -> None:
    found = only_problem(write(so_thu=agency(feed("columns.amuont", "Số"))))
    assert found.startswith(f"{HERE}columns.amuont: not a column of finance.made_up")
    assert found.endswith("it has code, amount")


def test_a_column_that_is_not_mapped(write: Write) -> None:
    found = only_problem(write(so_thu=agency(feed("columns.amount"))))
    assert found == f"{HERE}columns: 'amount' of finance.made_up is not mapped"


MEASURED_HERE = "so_thu.yaml: feed so_thu/finance.measured: "


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("triệu USD", "'triệu USD' cannot be converted to 'triệu đồng'"),
        ("%", "'%' cannot be converted to 'triệu đồng'"),
        ("tấn", "'tấn' cannot be converted to 'triệu đồng'"),
    ],
)
def test_a_unit_that_is_no_count_of_the_contracts_unit(write: Write, unit: str, said: str) -> None:
    changed = feed("columns.amount.unit", unit, dataset="finance.measured")
    found = only_problem(write(so_thu=agency(changed)))
    assert found == f"{MEASURED_HERE}columns.amount.unit: {said}"


@pytest.mark.parametrize("unit", ["đồng", "nghìn đồng", "Tỷ đồng", "billion VND", "{unit}"])
def test_a_unit_that_is_a_count_of_the_contracts_unit(write: Write, unit: str) -> None:
    changed = feed("columns.amount.unit", unit, dataset="finance.measured")
    (entry,) = load(write(so_thu=agency(changed))).active
    assert entry.feed.columns["amount"].unit == unit


@pytest.mark.parametrize("unit", ["triệu đồng", "{unit}"])
@pytest.mark.parametrize("name", ["code", "amount"])
def test_a_unit_where_the_contract_states_none(write: Write, name: str, unit: str) -> None:
    changed = feed(f"columns.{name}", {"source": "Số", "unit": unit})
    found = only_problem(write(so_thu=agency(changed)))
    assert found == f"{HERE}columns.{name}.unit: the contract states no unit to convert to"


@pytest.mark.parametrize(
    ("column", "part"),
    [
        ({"source": "{month}", "date": "%m/%Y", "period": "month"}, "month"),
        ({"source": "{unit}/{year}"}, "year"),
    ],
)
def test_a_template_of_values_that_nothing_gives(write: Write, column: Any, part: str) -> None:
    found = only_problem(write(so_thu=agency(feed("columns.code", column))))
    said = "'{" + part + "}' is neither captured nor a group of a pattern"
    assert found == f"{HERE}columns.code: {said}"


def test_a_template_of_a_captured_value_and_a_group(write: Write) -> None:
    columns = {"code": "{unit}/{year}", "amount": r"/^Năm (?P<year>\d+)$/"}
    (entry,) = load(write(so_thu=agency(feed(columns=columns)))).active
    assert entry.feed.columns["code"].source == "{unit}/{year}"


def test_a_total_of_a_column_that_is_not_there(write: Write) -> None:
    layout = FEED["layout"] | {"totals": [{"rows": "^Tổng", "columns": ["amount", "amuont"]}]}
    found = only_problem(write(so_thu=agency(feed("layout", layout))))
    assert found == f"{HERE}layout.totals.columns: no column 'amuont'"


@pytest.mark.parametrize("names", ["provinces", ["province", "provinces"]])
def test_an_unknown_list_of_names(write: Write, names: Any) -> None:
    found = only_problem(
        write(so_thu=agency(feed("columns.code", {"source": "Mã", "names": names})))
    )
    assert found == f"{HERE}columns.code.names: no list 'provinces' in seeds/name_spelling.csv"


def test_every_reviewed_list_of_names_may_be_named(write: Write) -> None:
    lists = ["province", "ministry", "not_a_unit"]
    changed = feed("columns.code", {"source": "Mã", "names": lists})
    (entry,) = load(write(so_thu=agency(changed))).active
    assert entry.feed.columns["code"].names == tuple(lists)


def test_the_status_of_an_unknown_column(write: Write) -> None:
    found = only_problem(
        write(so_thu=agency(feed("columns.code", {"source": "Số", "status_of": "amuont"})))
    )
    assert found == f"{HERE}columns.code.status_of: no column 'amuont'"


def test_a_label_that_is_no_column(write: Write) -> None:
    """It is the contract's column that is named, not the header at the source."""
    found = only_problem(write(so_thu=agency(feed("layout.label", "Mã"))))
    assert found == f"{HERE}layout.label: no column 'Mã'"
    assert load(write(so_thu=agency(feed("layout.label", "code")))).active


@pytest.mark.parametrize(
    ("written", "read"), [(2, (2, 2)), ([2, 5], (2, 5)), ([3, 3], (3, 3)), (None, (1, 1))]
)
def test_header_rows_are_a_number_or_the_least_and_the_most(
    write: Write, written: Any, read: tuple[int, int]
) -> None:
    changed = feed("layout.header_rows", written) if written else feed()
    (entry,) = load(write(so_thu=agency(changed))).active
    assert isinstance(entry.feed.layout, CsvLayout)
    assert entry.feed.layout.header_rows == read


def test_texts_that_mean_no_value_are_a_list_or_have_reasons(write: Write) -> None:
    for nulls in (["..", "-"], {"..": "no_value", "-": "no_value"}):
        changed = feed("columns.amount", {"source": "Số", "nulls": nulls})
        (entry,) = load(write(so_thu=agency(changed))).active
        assert entry.feed.columns["amount"].nulls == {"..": "no_value", "-": "no_value"}


def test_two_feeds_with_one_id(write: Write) -> None:
    found = only_problem(write(so_thu=agency(feed(), feed())))
    assert found == f"{HERE}variant: two feeds have this id"


def test_a_file_that_is_not_named_after_its_agency(write: Write) -> None:
    found = only_problem(write(so_khac=agency(code="so_moi")))
    assert found == "so_khac.yaml: code: 'so_moi' must be the file's name"


def test_an_unknown_field_of_an_agency(write: Write) -> None:
    found = only_problem(write(so_thu=AGENCY | {"phone": "1"}))
    assert found.startswith("so_thu.yaml: phone: Extra inputs")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"letters_required": None}, "letters_required"),
        ({"province_code": "3"}, "province_code"),
        ({"colour": "red"}, "colour"),
        ({"legal_basis": [{"document": "x", "valid_from": "hôm qua"}]}, "legal_basis.0.valid_from"),
    ],
)
def test_a_profile_that_is_not_as_it_must_be(
    write: Write, changes: dict[str, Any], field: str
) -> None:
    found = only_problem(write(profile=PROFILE | changes))
    assert found.startswith(f"profile.yaml: {field}: ")


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    (tmp_path / "nowhere").mkdir()
    found = only_problem(tmp_path / "nowhere")
    assert found.startswith("profile.yaml: the file is missing")


@pytest.mark.parametrize(
    "text",
    ["code: [1, 2", "code: a\n\tname: b", "a: b: c", "code: 'x", "code: \x07"],
    ids=["bracket", "tab", "colons", "quote", "control character"],
)
def test_broken_yaml(write: Write, text: str) -> None:
    found = only_problem(write(so_thu=text))
    assert found.startswith("so_thu.yaml: not valid YAML: ")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just text", "feeds: 5", "feeds: [5, null]"])
def test_yaml_of_another_shape(write: Write, text: str) -> None:
    found = problems(write(so_thu=text))
    assert all(line.startswith("so_thu.yaml: ") for line in found)


def test_yaml_that_is_not_utf_8(write: Write) -> None:
    folder = write()
    (folder / "so_thu.yaml").write_bytes("name_vi: Sở".encode("utf-16"))
    assert only_problem(folder).startswith("so_thu.yaml: ")


def test_a_field_that_is_given_twice(write: Write) -> None:
    """YAML would take the last one: of two classifications that could be the lower one."""
    text = yaml.safe_dump(AGENCY, allow_unicode=True, sort_keys=False)
    twice = text.replace("  sharing: default", "  classification: public\n  sharing: default")
    assert twice != text
    found = only_problem(write(so_thu=twice))
    assert found.startswith("so_thu.yaml: ")
    assert "classification" in found


@pytest.mark.parametrize("field", ["start_after", "stop_before", "skip_rows", "below"])
@pytest.mark.parametrize("pattern", ["^(?!Hưng Yên)", r"(a)\1", "(?<=x)y"])
def test_a_pattern_that_python_takes_but_the_reader_does_not(
    write: Write, field: str, pattern: str
) -> None:
    """Rows are matched by the engine of the frames, which knows no look-around."""
    layout = {"format": "xlsx", "sheet": "^a$", field: pattern}
    found = only_problem(write(so_thu=agency(feed(layout=layout))))
    assert found.startswith(f"{HERE}layout.xlsx.{field}: ")


def test_every_problem_is_named_at_once(write: Write) -> None:
    broken = feed("columns.amount", classification="secret")
    folder = write(so_thu=agency(broken), b_so="feeds: [", a_so=agency(feed(), code="other"))
    found = problems(folder)
    assert sorted(line.split(": ")[0] for line in found) == [
        "a_so.yaml",
        "b_so.yaml",
        "so_thu.yaml",
        "so_thu.yaml",
    ]


# --- the profiles of the project ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (
            "hung_yen",
            {
                "so_tai_chinh/finance.budget_revenue",
                "so_y_te/health.disease_weekly",
                "van_phong_ubnd/public_services.procedure_dossier",
            },
        ),
        (
            "open_data",
            {
                "bo_noi_vu/reference.admin_unit_change",
                "bo_tai_chinh/finance.budget_by_province",
                "cuc_y_te_du_phong/health.disease_cases_monthly",
                "nso/investment.fdi_by_province",
                "nso/investment.state_budget_investment",
                "nso/labour.industrial_labour_index",
                "nso/population.population_by_province",
                "nso/reference.admin_unit",
                "so_nnmt_ha_noi/environment.air_quality_hourly",
                "van_phong_chinh_phu/public_services.procedure",
                "vcci/governance.pci",
            },
        ),
    ],
)
def test_the_profiles_of_the_project_load(profile: str, expected: set[str]) -> None:
    catalog = load_catalog(SOURCES / profile)
    assert catalog.profile.code == profile
    # those that others build on; a new one needs no line here
    assert {entry.id for entry in catalog.active} >= expected
    for entry in catalog.active:
        contract = all_contracts()[entry.feed.dataset]
        assert entry.required_contract() is contract
        assert set(entry.feed.columns) == set(contract.polars_schema())


def test_every_contract_of_the_project_is_found_under_its_dataset() -> None:
    found = all_contracts()
    assert len(found) >= 14
    assert list(found) == sorted(found)
    for dataset, contract in found.items():
        assert contract.info().dataset == dataset
        assert contract.__module__ == f"contracts.{dataset}"
