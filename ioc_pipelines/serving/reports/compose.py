"""A kind of report and the facts of a snapshot become a document. Pure."""

from __future__ import annotations

from ioc_pipelines.catalog.reports import (
    Block,
    Communes,
    Indicators,
    Issuer,
    Line,
    Map,
    ReportKind,
    Text,
)
from ioc_pipelines.serving.reports.by_unit import add_communes, add_line, add_map
from ioc_pipelines.serving.reports.document import ContractVersion, Document, Draft, Heading
from ioc_pipelines.serving.reports.facts import Facts
from ioc_pipelines.serving.reports.indicators import add_indicators
from ioc_pipelines.serving.reports.log_blocks import LOG_BLOCKS
from ioc_pipelines.serving.reports.periods import Period
from ioc_pipelines.serving.reports.restated import add_restatements
from ioc_pipelines.serving.reports.sentences import add_text, named

_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


def compose(kind: ReportKind, issuer: Issuer, facts: Facts, period: Period) -> Document:
    """The document of a kind and period.

    Raises MissingFigureError naming the first figure that is not there and may not be missing.
    """
    draft = Draft()
    for numeral, section in zip(_ROMAN, kind.sections, strict=False):
        draft.contents.append(Heading(f"{numeral}. {section.heading}"))
        for block in section.blocks:
            _add(draft, facts, period, block)
    restatements = add_restatements(draft, facts)
    return Document(
        kind=kind.kind,
        period=period.code,
        subject=named(kind.subject, facts, period),
        superior=issuer.superior,
        body=issuer.body,
        symbol=issuer.symbol,
        place=issuer.place,
        dated=facts.as_of,
        basis=kind.basis,
        addressee=issuer.addressee,
        recipients=issuer.recipients,
        authority=issuer.authority,
        signer_title=issuer.signer_title,
        snapshot_id=facts.snapshot_id,
        as_of=facts.built_at,
        province=facts.province["unit_id"],
        contents=tuple(draft.contents),
        figures=tuple(draft.figures),
        contracts=tuple(
            ContractVersion(row["feed"], row["dataset"], row["title_vi"], row["contract_version"])
            for row in facts.log("contracts")
        ),
        restatements=restatements,
    )


def _add(draft: Draft, facts: Facts, period: Period, block: Block) -> None:
    match block:
        case Text():
            add_text(draft, facts, period, block)
        case Indicators():
            add_indicators(draft, facts, period, block)
        case Line():
            add_line(draft, facts, period, block)
        case Communes():
            add_communes(draft, facts, period, block)
        case Map():
            add_map(draft, facts, period, block)
        case _:
            LOG_BLOCKS[block.of](draft, facts, period)
