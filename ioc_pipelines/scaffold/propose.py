"""From a sample to the files of a dataset, read back before they are written."""

from __future__ import annotations

import importlib.util
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import copytree

import yaml

from contracts.base import BatchContext, Contract
from ioc_pipelines.catalog.errors import CatalogError
from ioc_pipelines.catalog.load import Catalog, FeedEntry, load_catalog
from ioc_pipelines.catalog.models import Agency, Letter, Person
from ioc_pipelines.home import table_name
from ioc_pipelines.scaffold import words
from ioc_pipelines.scaffold.around import stated_period
from ioc_pipelines.scaffold.cells import Known, read_sample
from ioc_pipelines.scaffold.contract import contract_text
from ioc_pipelines.scaffold.feed import appended, feed_text
from ioc_pipelines.scaffold.fixture import fixture_text
from ioc_pipelines.scaffold.infer import infer_fields, money_capture
from ioc_pipelines.scaffold.key import choose_key
from ioc_pipelines.scaffold.model import MEND, Draft, Guess, Sample, ScaffoldError
from ioc_pipelines.scaffold.write import write_all
from ioc_pipelines.serving.dbt_sources import dbt_properties
from ioc_pipelines.serving.rehearsal import Rehearsal, rehearse

_DATASET = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_CADENCES = {
    "day": ("daily", "26h"),
    "week": ("weekly", "10d"),
    "period": ("monthly", "35d"),
    "month": ("monthly", "35d"),
    "quarter": ("quarterly", "100d"),
    "year": ("yearly", "400d"),
    "school_year": ("yearly", "400d"),
}
_SAYS = {"period": "month", "school_year": "school year"}


@dataclass(frozen=True)
class Asked:
    """What the command was asked for. ``letters`` by name: ``request``, ``consent``."""

    dataset: str
    agency: str
    title_vi: str | None
    letters: Mapping[str, Letter]


@dataclass(frozen=True)
class Proposal:
    """The files of a dataset, and how the sample fares by them.

    ``looked_at`` are the three that a person reviews, with the lines that each has or, in the
    agency's file, gains; ``beside`` the case file and, of a new sector, its package. ``entry`` is
    the feed as a refresh will see it.
    """

    draft: Draft
    profile: str
    new: Mapping[Path, str]
    changed: Mapping[Path, str]
    looked_at: Mapping[Path, int]
    beside: Mapping[Path, int]
    entry: FeedEntry
    rehearsal: Rehearsal

    def write(self) -> None:
        """Write all files, or none. Raises ScaffoldError when one is there already."""
        write_all(self.new, self.changed)


def require_new(project: Path, asked: Asked, catalog: Catalog) -> None:
    """Raises ScaffoldError when dataset or feed are there already, or the agency is not."""
    if not _DATASET.fullmatch(asked.dataset):
        msg = f"'{asked.dataset}' is no dataset: write <sector>.<dataset>, in small letters and _"
        raise ScaffoldError(msg, 2)
    if asked.dataset in catalog.contracts:
        msg = f"{asked.dataset} has a contract already: nothing is overwritten"
        raise ScaffoldError(msg, 2)
    file = _agency_file(project, catalog, asked.agency)
    if not file.exists():
        lines = (
            "# yaml-language-server: $schema=../agency.schema.json",
            f"code: {asked.agency}",
            "name_vi: …",
            "name_en: …",
            "level: provincial",
            "feeds: []",
        )
        msg = f"no agency '{asked.agency}' in this profile. Write sources/{file.parent.name}/"
        msg += f"{file.name} first:\n" + "\n".join(lines)
        raise ScaffoldError(msg, 2)
    for entry in catalog.entries:
        if (entry.agency.code, entry.feed.dataset) == (asked.agency, asked.dataset):
            state = entry.feed.status.state
            msg = f"{file.name} has a feed of {asked.dataset} already, {state}: take it out first"
            raise ScaffoldError(msg, 2)


def propose(
    project: Path, asked: Asked, sample: Sample, catalog: Catalog, known: Known
) -> Proposal:
    """The files for a dataset like the sample; nothing is written yet.

    Raises ScaffoldError, also when what was proposed does not read the sample.
    """
    file = _agency_file(project, catalog, asked.agency)
    before = file.read_text(encoding="utf-8")
    agency = Agency.model_validate(yaml.safe_load(before))
    draft = _draft(asked, sample, agency, catalog, known)
    every = {t["rows"]: _summed(draft) for t in sample.layout.get("totals", ())}
    text, entry, rehearsal = _tried(file, draft, every, catalog, known)
    if every:
        every = {rows: _tying(rehearsal, columns) for rows, columns in every.items()}
        text, entry, rehearsal = _tried(file, draft, every, catalog, known)
    contract = project / "contracts" / draft.sector / f"{_name(draft)}.py"
    staging = project / "dbt_project" / "models" / "staging"
    model = staging / f"{table_name(draft.dataset)}.sql"
    case = project / "tests" / "contracts" / draft.sector / f"{_name(draft)}.py"
    package = contract.parent / "__init__.py"
    new = {
        contract: contract_text(draft),
        model: f'{{{{ staged("{table_name(draft.dataset)}") }}}}\n',
        case: fixture_text(draft),
    }
    beside = {case: _lines(new[case])}
    if not package.exists():
        sector = draft.sector.replace("_", " ")
        new = {package: f'"""Contracts of the {sector} sector."""\n', **new}
        beside[package] = 1
    contracts = {**catalog.contracts, draft.dataset: entry.required_contract()}
    return Proposal(
        draft,
        catalog.profile.code,
        new,
        {file: text, staging / "_contracts.yml": dbt_properties(dict(sorted(contracts.items())))},
        {contract: _lines(new[contract]), file: _lines(text) - _lines(before), model: 1},
        beside,
        entry,
        rehearsal,
    )


def _draft(asked: Asked, sample: Sample, agency: Agency, catalog: Catalog, known: Known) -> Draft:
    captures = money_capture(sample)
    table = read_sample(sample, captures)
    if table.is_empty():
        msg = f"{sample.shown}: the table has no row below its header"
        raise ScaffoldError(msg)
    fields = infer_fields(sample, table, known)
    if stated := stated_period(sample, fields, known):
        captures = {**stated[0], **captures}
        name = words.unlike(stated[1].name, {f.name for f in fields})
        fields = [replace(stated[1], name=name), *fields]
    if any(f.name == "commune_code" for f in fields):
        left_out = [f for f in fields if f.name == "commune_name"]
        fields = [f for f in fields if f.name != "commune_name"]
        dropped = [Guess(f.vi, "left out", "the code says which commune it is") for f in left_out]
        sample = replace(sample, guesses=[*sample.guesses, *dropped])
    if not any("{unit}" in str(f.source.get("unit")) for f in fields):
        captures.pop("unit", None)
    if captures:
        sample = replace(sample, layout={**sample.layout, "captures": captures})
    key, why = choose_key(fields)
    draft = Draft(
        dataset=asked.dataset,
        title_vi=asked.title_vi or sample.heading or _words(asked.dataset),
        title_en=_words(asked.dataset),
        basis=f"As sent by {agency.name_en}",
        sample=sample,
        fields=tuple(fields),
        key=key,
        cadence="",
        late_after="",
        state="active",
        since=known.today,
        head=agency.feeds[0].head
        if agency.feeds
        else Person(position="Thủ trưởng", unit=agency.name_vi),
        focal_point=Person(position="Đầu mối dữ liệu", unit=agency.name_vi),
        letters=asked.letters,
        guesses=(why,),
    )
    if catalog.profile.letters_required and set(asked.letters) != {"request", "consent"}:
        draft = replace(draft, state="planned")
    return _described(asked, draft)


def _described(asked: Asked, draft: Draft) -> Draft:
    """The draft with how often it comes, and what else was guessed of the dataset."""
    guesses = list(draft.guesses)
    period = draft.period
    if draft.sample.connector["kind"] in ("sql", "rest"):
        cadence, why = ("daily", "26h"), "asked each night"
    else:
        cadence = _CADENCES.get(period.name if period else "", ("monthly", "35d"))
        why = "only a guess: nothing in the sample says how often it comes"
        if period and period.name in _CADENCES:
            why = f"{period.place or 'the table'} says the {_SAYS.get(period.name, period.name)}"
    guesses.append(Guess("cadence", f"{cadence[0]}, late after {cadence[1]}", why))
    if asked.title_vi is None:
        has_marks = not draft.title_vi.isascii()
        named = "the line above the table" if has_marks else MEND
        guesses.append(Guess("title_vi", draft.title_vi, named))
    guesses.append(Guess("load_mode", "upsert", "newest version of each key; none is closed"))
    if draft.publish != "rows":
        guesses.append(Guess("publish", draft.publish, "columns name persons"))
    return replace(draft, cadence=cadence[0], late_after=cadence[1], guesses=tuple(guesses))


def _summed(draft: Draft) -> list[str]:
    """The columns that a total may sum up."""
    shares = [f.name for f in draft.fields if "in_range" in f.checks or f.unit == "%"]
    return [
        f.name
        for f in draft.fields
        if f.role == "figure" and f.kind in ("int", "float") and f.name not in shares
    ]


def _tying(rehearsal: Rehearsal, columns: list[str]) -> list[str]:
    """The columns whose totals are the sums of the sample's rows."""
    control = rehearsal.read.control
    ties = set(control.filter(control["ties"])["column_name"])
    differ = set(control.filter(~control["ties"])["column_name"])
    return [name for name in columns if name in ties - differ]


def _tried(
    file: Path,
    draft: Draft,
    totals: Mapping[str, list[str]],
    catalog: Catalog,
    known: Known,
) -> tuple[str, FeedEntry, Rehearsal]:
    """The agency's file with the entry, loaded as it would be, and how the sample fares by it."""
    with tempfile.TemporaryDirectory(prefix="ioc-new-") as folder:
        contract = _loaded(contract_text(draft), draft, Path(folder))
        sources = Path(folder) / "profile"
        copytree(file.parent, sources)
        text = appended(
            file.read_text(encoding="utf-8"), partial(feed_text, draft, totals), file.stem
        )
        (sources / file.name).write_text(text, encoding="utf-8")
        try:
            found = load_catalog(sources, {**catalog.contracts, draft.dataset: contract})
        except CatalogError as error:
            msg = f"what was proposed is no feed: {error}"
            raise ScaffoldError(msg) from error
    old, new = catalog.entries, found.entries
    added = [entry for entry in new if entry.feed.dataset == draft.dataset and entry not in old]
    if len(new) != len(old) + 1 or len(added) != 1:
        msg = f"{file.name}: the entry cannot be added at its end without changing others"
        raise ScaffoldError(msg, 2)
    entry = added[0]
    files = [(draft.sample.name, draft.sample.path)]
    context = BatchContext(datetime.now(UTC), known.references)
    result = rehearse(entry, files, context, known.spellings)
    if result.verdict is None:
        reasons = "; ".join(str(error) for error in result.read.refused)
        msg = f"{draft.sample.shown}: what was proposed does not read the sample: {reasons}"
        raise ScaffoldError(msg)
    return text, entry, result


def _loaded(text: str, draft: Draft, folder: Path) -> type[Contract]:
    """The class that the text defines; its module stays known, for its annotations."""
    name = f"_proposed_{table_name(draft.dataset)}"
    file = folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Contract) and value is not Contract
    )
    found.to_schema()
    return found


def _lines(text: str) -> int:
    """Lines that say something."""
    return sum(bool(line.strip()) for line in text.splitlines())


def _words(dataset: str) -> str:
    return dataset.split(".")[1].replace("_", " ").capitalize()


def _name(draft: Draft) -> str:
    return draft.dataset.split(".")[1]


def _agency_file(project: Path, catalog: Catalog, agency: str) -> Path:
    return project / "sources" / catalog.profile.code / f"{agency}.yaml"
