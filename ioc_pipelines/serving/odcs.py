"""A contract as an Open Data Contract Standard document, v3.1.0 (Bitol, LF AI & Data).

What the standard has no field for stands in ``customProperties``. Feeds are optional: they add who
supplies the data, how often, and when it counts as late.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    Description,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    ServiceLevelAgreementProperty,
    Team,
    TeamMember,
)

from contracts.base import KEY_UNIQUE, KEY_UNIQUE_VI, REQUIRED, REQUIRED_VI
from ioc_pipelines.catalog.load import FeedEntry
from ioc_pipelines.home import table_name
from ioc_pipelines.serving.contract_bounds import bounds_of, lengths_of
from ioc_pipelines.serving.contract_form import REFERENCE, ColumnForm, ContractForm, RuleForm

API_VERSION = "v3.1.0"
TEAM = "Trung tâm giám sát, điều hành thông minh (IOC)"
_LOGICAL = {
    "varchar": "string",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
_DIMENSIONS = {"complete": "completeness", "clean": "conformity", "live": "timeliness"}
_CLASSES = ("public", "internal", "confidential", "secret")
_HOUR_S = 3600


def odcs_of(form: ContractForm, feeds: Sequence[FeedEntry] = ()) -> str:
    """The YAML document of a contract, with the supply of it by ``feeds``."""
    document = OpenDataContractStandard(
        kind="DataContract",
        apiVersion=API_VERSION,
        id=form.dataset,
        name=form.title_en,
        version=form.version,
        status="active",
        domain=form.dataset.split(".")[0],
        dataProduct=form.dataset,
        description=Description(
            purpose=f"{form.title_vi} · {form.title_en}",
            usage=_USAGE[form.publish],
            limitations=_limitations(form),
        ),
        schema=[_table(form, feeds)],
        team=_team(feeds),
        slaProperties=[sla for entry in feeds for sla in _sla(entry)] or None,
        customProperties=_custom(
            titleVi=form.title_vi,
            titleEn=form.title_en,
            basis=form.basis,
            loadMode=form.load_mode,
            publish=form.publish,
            periodColumn=form.period_column,
        ),
    )
    return document.to_yaml()


_USAGE = {
    "rows": "Rows are published for reading, without personal columns.",
    "aggregate": "Only figures made of the rows are published.",
    "none": "Nothing is published.",
}


def _limitations(form: ContractForm) -> str | None:
    personal = [column.name for column in form.columns if column.personal]
    return f"Personal data, never published: {', '.join(personal)}" if personal else None


def _table(form: ContractForm, feeds: Sequence[FeedEntry]) -> SchemaObject:
    name = table_name(form.dataset)
    about_rows = [rule for rule in form.rules if rule.column is None or rule.kind == "batch"]
    return SchemaObject(
        id=name,
        name=name,
        physicalName=f"staging.{name}",
        physicalType="table",
        logicalType="object",
        businessName=form.title_vi,
        description=form.title_en,
        dataGranularityDescription=form.grain,
        properties=[_property(form, column, feeds) for column in form.columns],
        quality=[_key_unique(form), *(_quality(rule) for rule in about_rows)],
    )


def _property(form: ContractForm, column: ColumnForm, feeds: Sequence[FeedEntry]) -> SchemaProperty:
    rules = [r for r in form.rules if r.column == column.name and r.kind != "batch"]
    is_key = column.name in form.key
    lists = [rule.parameters["list"] for rule in rules if rule.kind == REFERENCE]
    required = [_required(column)] if column.required else []
    return SchemaProperty(
        id=column.name,
        name=column.name,
        businessName=column.title_vi,
        description=column.title_en,
        logicalType=_LOGICAL[column.type],
        logicalTypeOptions=_options(column, rules) or None,
        physicalType=column.type,
        required=column.required or None,
        unique=any(rule.kind == "unique" for rule in rules) or form.key == [column.name] or None,
        primaryKey=is_key or None,
        primaryKeyPosition=form.key.index(column.name) + 1 if is_key else None,
        classification="personal" if column.personal else _classification(feeds),
        quality=[*required, *map(_quality, rules)] or None,
        customProperties=_custom(
            titleVi=column.title_vi,
            titleEn=column.title_en,
            unit=column.unit,
            personal=column.personal or None,
            referenceList=lists[0] if lists else None,
        ),
    )


def _options(column: ColumnForm, rules: Sequence[RuleForm]) -> dict[str, Any]:
    """The range, length and pattern of a column, where the standard has a field for them."""
    if column.type == "timestamp":
        return {"timezone": False, "defaultTimezone": "Asia/Ho_Chi_Minh"}
    options: dict[str, Any] = {}
    if column.type in ("bigint", "double"):
        bounds = bounds_of(rules)
        for (value, is_allowed), side in ((bounds.least, "Minimum"), (bounds.most, "Maximum")):
            if value is not None:
                options[side.lower() if is_allowed else f"exclusive{side}"] = value
    for rule in rules:
        if rule.kind == "str_matches":
            options.setdefault("pattern", rule.parameters["pattern"])
        if rule.kind == "str_length":
            bounds = lengths_of(rule)
            lengths = {"minLength": bounds.least[0], "maxLength": bounds.most[0]}
            options |= {side: value for side, value in lengths.items() if value is not None}
    return options


def _classification(feeds: Sequence[FeedEntry]) -> str | None:
    """The strictest of the feeds' classifications."""
    classes = [entry.feed.classification for entry in feeds]
    return max(classes, key=_CLASSES.index) if classes else None


def _required(column: ColumnForm) -> DataQuality:
    message = REQUIRED_VI.format(title=column.title_vi)
    return _judged(REQUIRED, message, "completeness", type="library", metric="nullValues", mustBe=0)


def _key_unique(form: ContractForm) -> DataQuality:
    titles = {column.name: column.title_vi for column in form.columns}
    message = KEY_UNIQUE_VI.format(titles=", ".join(titles[name] for name in form.key))
    asked: dict[str, Any] = {
        "type": "library",
        "metric": "duplicateValues",
        "arguments": {"properties": form.key},
        "mustBe": 0,
    }
    return _judged(KEY_UNIQUE, message, "uniqueness", **asked)


def _quality(rule: RuleForm) -> DataQuality:
    """A rule by the standard's own metrics where it has one, else as this system runs it."""
    known: dict[str, tuple[str, dict[str, Any]]] = {
        "unique": ("duplicateValues", {}),
        "isin": ("invalidValues", {"validValues": rule.parameters.get("allowed_values")}),
        "str_matches": ("invalidValues", {"pattern": rule.parameters.get("pattern")}),
    }
    asked: dict[str, Any]
    if rule.kind in known:
        metric, arguments = known[rule.kind]
        asked = {"type": "library", "metric": metric, "mustBe": 0, "arguments": arguments or None}
    else:
        does = {"kind": rule.kind, "parameters": rule.parameters, "holdsBatch": rule.holds}
        asked = {"type": "custom", "engine": "ioc", "implementation": does}
    return _judged(rule.id, rule.message_vi, _dimension(rule), **asked)


def _dimension(rule: RuleForm) -> str:
    if rule.kind == "unique":
        return "uniqueness"
    if rule.dimension == "correct":  # what one cell says, or how cells agree
        return "accuracy" if rule.column and rule.kind != "batch" else "consistency"
    return _DIMENSIONS[rule.dimension]


def _judged(rule_id: str, message_vi: str, dimension: str, **asked: Any) -> DataQuality:
    return DataQuality(
        id=rule_id.replace(".", "-"),
        name=rule_id,
        description=message_vi,
        dimension=dimension,
        customProperties=_custom(dimension=rule_id.split(".", 1)[0]),
        **asked,
    )


def _team(feeds: Sequence[FeedEntry]) -> Team:
    """The owner, and of each feed the positions that answer for it: no private person."""
    members = []
    for entry in feeds:
        agency = f"{entry.agency.name_vi} · {entry.agency.name_en}"
        for role, person in (("head", entry.feed.head), ("focal point", entry.feed.focal_point)):
            members.append(
                TeamMember(
                    username=entry.agency.code,
                    name=f"{person.position}, {person.unit}",
                    role=role,
                    description=agency,
                )
            )
    unique = {member.model_dump_json(): member for member in members}
    return Team(name=TEAM, description="Owner of the contract", members=[*unique.values()] or None)


def _sla(entry: FeedEntry) -> list[ServiceLevelAgreementProperty]:
    """How often a feed comes, when it is late, how much of it must be valid."""
    element = table_name(entry.feed.dataset)
    name = entry.id.replace("/", "-").replace(".", "-")
    facts: list[tuple[str, Any, str | None, str]] = [
        ("frequency", entry.feed.cadence, None, "how often it comes"),
        ("latency", entry.feed.late_after.total_seconds() / _HOUR_S, "h", "older is late"),
        ("acceptanceFloor", entry.feed.acceptance_floor * 100, "percent", "least valid rows"),
    ]
    return [
        ServiceLevelAgreementProperty(
            id=f"{name}-{fact}",
            property=fact,
            value=value,
            unit=unit,
            element=element,
            driver="regulatory",
            description=f"{entry.id}: {meaning}",
        )
        for fact, value, unit, meaning in facts
    ]


def _custom(**values: Any) -> list[CustomProperty]:
    return [
        CustomProperty(property=name, value=value)
        for name, value in values.items()
        if value is not None
    ]
