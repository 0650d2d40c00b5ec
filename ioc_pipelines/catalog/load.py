"""Read ``sources/<profile>/`` into a checked catalog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from contracts.base import Contract
from ioc_pipelines.catalog.connectors import LgspConnector, RestConnector, SqlConnector
from ioc_pipelines.catalog.contracts import all_contracts
from ioc_pipelines.catalog.corrections import Correction, Corrections, problems_of
from ioc_pipelines.catalog.errors import CatalogError
from ioc_pipelines.catalog.layouts import TableLayout
from ioc_pipelines.catalog.models import Agency, Feed, Profile
from ioc_pipelines.catalog.patterns import groups_of, names_in
from ioc_pipelines.catalog.references import alert_filters, indicator_lists, name_lists
from ioc_pipelines.catalog.reports import Reports, unknown_indicators
from ioc_pipelines.catalog.units import ratio
from ioc_pipelines.home import DBT_PROJECT

Model = TypeVar("Model", bound=BaseModel)
REPORTS_FILE = "reports.yaml"


@dataclass(frozen=True)
class FeedEntry:
    """A feed with its agency and contract. ``id`` is ``<agency>/<dataset>[/<variant>]``.

    ``corrections`` is its register of known errors, those that are no longer active included.
    """

    agency: Agency
    feed: Feed
    contract: type[Contract] | None
    corrections: tuple[Correction, ...] = ()

    @property
    def id(self) -> str:
        """The feed's name everywhere: ledger, asset key, CLI."""
        suffix = f"/{self.feed.variant}" if self.feed.variant else ""
        return f"{self.agency.code}/{self.feed.dataset}{suffix}"

    @property
    def is_withdrawn(self) -> bool:
        """Whether the provider took its consent back (B10)."""
        return self.feed.letters.withdrawn is not None

    @property
    def is_active(self) -> bool:
        """Whether the feed is fetched: active and its consent not withdrawn."""
        return self.feed.status.state == "active" and not self.is_withdrawn

    def required_contract(self) -> type[Contract]:
        """The contract of an active feed; the loader has made sure it exists."""
        if self.contract is None:
            msg = f"{self.id}: no contract for {self.feed.dataset}"
            raise LookupError(msg)
        return self.contract


@dataclass(frozen=True)
class Catalog:
    """Everything the profile declares, and all contracts of the project."""

    profile: Profile
    entries: tuple[FeedEntry, ...]
    contracts: Mapping[str, type[Contract]]
    reports: Reports | None = None

    @property
    def active(self) -> tuple[FeedEntry, ...]:
        """The feeds that are fetched."""
        return tuple(entry for entry in self.entries if entry.is_active)

    def feeds_of(self, dataset: str) -> tuple[FeedEntry, ...]:
        """The active feeds of a dataset."""
        return tuple(entry for entry in self.active if entry.feed.dataset == dataset)


def load_catalog(folder: Path, contracts: Mapping[str, type[Contract]] | None = None) -> Catalog:
    """Read the profile in ``folder``.

    Raises CatalogError naming every file, feed and field that is wrong, and what to do.
    """
    contracts = all_contracts() if contracts is None else contracts
    problems: list[str] = []
    profile = _read(folder / "profile.yaml", Profile, problems)
    agencies = [
        (path, _read(path, Agency, problems))
        for path in sorted(folder.glob("*.yaml"))
        if path.name not in {"profile.yaml", REPORTS_FILE}
    ]
    reports = _reports(folder, problems)
    problems += [f"{path.name}: name it {path.stem}.yaml" for path in folder.glob("*.yml")]
    entries: list[FeedEntry] = []
    for path, agency in agencies:
        if agency is None:
            continue
        if agency.code != path.stem:
            problems.append(f"{path.name}: code: '{agency.code}' must be the file's name")
        entries += [FeedEntry(agency, f, contracts.get(f.dataset)) for f in agency.feeds]
    if profile is not None:
        for entry in entries:
            where = f"{entry.agency.code}.yaml: feed {entry.id}"
            problems += [f"{where}: {p}" for p in _problems_of(entry, profile)]
    entries = _with_corrections(folder / "corrections", entries, problems)
    if profile is not None:
        problems += _unknown_in_precedence(profile, entries)
        problems += _unknown_in_sinks(profile)
    problems += _repeated([entry.id for entry in entries])
    if problems or profile is None:
        raise CatalogError(problems)
    return Catalog(profile, tuple(entries), contracts, reports)


def _reports(folder: Path, problems: list[str]) -> Reports | None:
    """The profile's reports, None where it has none; what is wrong goes to ``problems``."""
    if not (folder / REPORTS_FILE).exists():
        return None
    reports = _read(folder / REPORTS_FILE, Reports, problems)
    if reports is not None:
        known = set(indicator_lists(DBT_PROJECT / "seeds")["indicator.code"])
        problems += [f"{REPORTS_FILE}: {one}" for one in unknown_indicators(reports, known)]
    return reports


def _with_corrections(
    folder: Path, entries: list[FeedEntry], problems: list[str]
) -> list[FeedEntry]:
    """The feeds with their registers of known errors; what is wrong goes to ``problems``."""
    by_name = {entry.id.replace("/", "__"): entry for entry in entries}
    found: dict[str, tuple[Correction, ...]] = {}
    for path in sorted(folder.glob("*.y*ml")):
        where, entry = f"corrections/{path.name}", by_name.get(path.stem)
        if entry is None or path.suffix != ".yaml":
            problems.append(f"{where}: name it after its feed: <agency>__<dataset>[__variant].yaml")
            continue
        mine: list[str] = []
        register = _read(path, Corrections, mine)
        if register and entry.contract is None:
            mine.append(f"{path.name}: no contract '{entry.feed.dataset}' in contracts/")
        elif register and entry.contract:
            found[entry.id] = register.corrections
            wrong = problems_of(entry.contract, register.corrections)
            mine += [f"{path.name}: {problem}" for problem in wrong]
        problems += [f"corrections/{problem}" for problem in mine]
    return [replace(entry, corrections=found.get(entry.id, ())) for entry in entries]


class _NoRepeats(yaml.SafeLoader):
    """Safe YAML in which a field may stand once: of two, it is not clear which was meant."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping. Raises ConstructorError on a repeated field."""
        seen = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if name in seen:
                msg = f"field '{name}' is given twice"
                raise yaml.constructor.ConstructorError(None, None, msg, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def _read(path: Path, model: type[Model], problems: list[str]) -> Model | None:
    """Read one YAML file; what is wrong goes to ``problems``."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_NoRepeats)  # noqa: S506
        return model.model_validate(raw)
    except UnicodeDecodeError:
        problems.append(f"{path.name}: not text in UTF-8")
    except FileNotFoundError:
        problems.append(f"{path.name}: the file is missing in {path.parent}")
    except yaml.YAMLError as error:
        problems.append(f"{path.name}: not valid YAML: {error}")
    except ValidationError as error:
        problems += [_explain(path, raw, dict(detail)) for detail in error.errors()]
    return None


def _explain(path: Path, raw: Any, detail: dict[str, Any]) -> str:
    """One pydantic error as file, feed and field."""
    location = list(detail["loc"])
    if location[:1] == ["feeds"] and len(location) > 1:
        feeds = raw.get("feeds") or []
        feed = feeds[location[1]] if isinstance(location[1], int) else {}
        dataset = feed.get("dataset", f"no. {location[1]}") if isinstance(feed, dict) else "?"
        field = ".".join(str(part) for part in location[2:]) or "feed"
        return f"{path.name}: feed {path.stem}/{dataset}: {field}: {detail['msg']}"
    return f"{path.name}: {'.'.join(str(part) for part in location) or 'file'}: {detail['msg']}"


def _problems_of(entry: FeedEntry, profile: Profile) -> Iterator[str]:
    """What the feed's own model cannot know: profile, contract and classification."""
    feed = entry.feed
    if feed.classification == "secret":
        yield "classification: a feed classed 'secret' may not enter the warehouse (H50)"
    if feed.status.state != "active":
        return
    if profile.letters_required:
        for name in ("request", "consent"):
            if getattr(feed.letters, name) is None:
                yield f"letters.{name}: this profile asks for it before a feed is active (B10)"
    yield from _not_permitted(feed, profile)
    if entry.contract is None:
        yield f"dataset: no contract '{feed.dataset}' in contracts/"
    else:
        if feed.sharing == "special" and entry.contract.info().publish == "rows":
            yield (
                "sharing: data shared by special request stays out of the published file, but its "
                "contract publishes rows: publish 'aggregate' or 'none'"
            )
        if entry.contract.info().load_mode == "snapshot" and _brings_changes_only(feed):
            yield (
                "connector: it brings only what changed, and load mode 'snapshot' would close "
                "every key that did not: leave out the watermark or `changes`"
            )
        yield from _unmapped(feed, list(entry.contract.polars_schema()))
        yield from _incomparable(feed, entry.contract)


def _not_permitted(feed: Feed, profile: Profile) -> Iterator[str]:
    """A feed that stands in none of the lists that the profile takes data from (B16)."""
    lists = profile.permitted_lists
    if lists and not any(feed.shared_catalogue_ref in known.entries for known in lists):
        given = f"'{feed.shared_catalogue_ref}'" if feed.shared_catalogue_ref else "none"
        versions = "; ".join(known.version for known in lists)
        yield (
            f"shared_catalogue_ref: {given} is no entry of the lists that this profile takes data "
            f"from: {versions} (B16)"
        )


def _unknown_in_precedence(profile: Profile, entries: Iterable[FeedEntry]) -> Iterator[str]:
    """Datasets and feeds of the profile's precedence that are not there, or there twice."""
    known = [(entry.feed.dataset, entry.id) for entry in entries]
    for dataset, feeds in profile.precedence.items():
        where = f"profile.yaml: precedence.{dataset}"
        for feed in dict.fromkeys(feeds):
            if (dataset, feed) not in known:
                yield f"{where}: no feed '{feed}' of {dataset}"
            if feeds.count(feed) > 1:
                yield f"{where}: '{feed}' is given twice"


def _unknown_in_sinks(profile: Profile) -> Iterator[str]:
    """Sinks that share a name, or choose alerts by what is not there and would hear nothing."""
    known = alert_filters(DBT_PROJECT / "seeds")
    for field, sinks in (("alert_sinks", profile.alert_sinks), ("run_sinks", profile.run_sinks)):
        names = [sink.name for sink in sinks]
        for name in names:
            if names.count(name) > 1:
                yield f"profile.yaml: {field}.{name}: two sinks have this name"
    for sink in profile.alert_sinks:
        where = f"profile.yaml: alert_sinks.{sink.name}"
        for field, there in known.items():
            for wanted in sorted(set(getattr(sink, field)) - there):
                yield f"{where}.{field}: no '{wanted}'; there are {', '.join(sorted(there))}"


def _brings_changes_only(feed: Feed) -> bool:
    match feed.connector:
        case SqlConnector():
            return feed.connector.watermark is not None
        case RestConnector() | LgspConnector():
            return feed.connector.changes is not None
    return False


def _unmapped(feed: Feed, columns: list[str]) -> Iterator[str]:
    """Feed columns that the contract does not have, and the other way round."""
    for name in feed.columns:
        if name not in columns:
            yield f"columns.{name}: not a column of {feed.dataset}; it has {', '.join(columns)}"
    for name in columns:
        if name not in feed.columns:
            yield f"columns: '{name}' of {feed.dataset} is not mapped"


def _incomparable(feed: Feed, contract: type[Contract]) -> Iterator[str]:
    """Units at the source that are no count of the contract's unit, and names without a column."""
    for name, column in feed.columns.items():
        known = contract.columns().get(name)
        unit = (known.metadata or {}).get("unit") if known else None
        if column.unit and unit is None:
            yield f"columns.{name}.unit: the contract states no unit to convert to"
        elif column.unit and unit and not names_in(column.unit) and not ratio(column.unit, unit):
            yield f"columns.{name}.unit: '{column.unit}' cannot be converted to '{unit}'"
        for unknown in set(column.names) - name_lists(DBT_PROJECT / "seeds"):
            yield f"columns.{name}.names: no list '{unknown}' in seeds/name_spelling.csv"
        if column.status_of and column.status_of not in feed.columns:
            yield f"columns.{name}.status_of: no column '{column.status_of}'"
    if isinstance(feed.layout, TableLayout):
        yield from _unknown_in_table(feed, feed.layout)


def _unknown_in_table(feed: Feed, layout: TableLayout) -> Iterator[str]:
    """Names in the layout and in templates that stand for nothing."""
    if layout.label and layout.label not in feed.columns:
        yield f"layout.label: no column '{layout.label}'"
    for total in layout.totals:
        for name in total.columns:
            if name not in feed.columns:
                yield f"layout.totals.columns: no column '{name}'"
    groups = {g for c in feed.columns.values() for s in c.sources for g in groups_of(s)}
    for name, column in feed.columns.items():
        for part in (*names_in(column.source), *names_in(column.unit or "")):
            if part not in groups and part not in layout.captures:
                yield f"columns.{name}: '{{{part}}}' is neither captured nor a group of a pattern"


def _repeated(ids: list[str]) -> list[str]:
    return [
        f"{feed_id.split('/')[0]}.yaml: feed {feed_id}: variant: two feeds have this id"
        for feed_id in sorted({i for i in ids if ids.count(i) > 1})
    ]
