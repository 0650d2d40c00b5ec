"""``ioc reprocess --dry-run``: what judging again would change, row by row."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NoReturn

import typer

from ioc_pipelines.cli_support import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ioc_pipelines.catalog.load import FeedEntry
    from ioc_pipelines.orchestration.deployment import Deployment
    from ioc_pipelines.serving.replay import Counts, DeliveryChange, RowAt

_SHOWN = 15


def show_dry_run(
    deployment: Deployment, entries: Sequence[FeedEntry], batch: str | None, as_json: bool
) -> NoReturn:
    """Judge what these feeds landed and say what would change; nothing is written."""
    from ioc_pipelines.orchestration.dry_run import dry_run
    from ioc_pipelines.serving import show

    changes = list(dry_run(deployment, entries, batch))
    if as_json:
        print_json([change.model_dump(mode="json") for change in changes])
        raise typer.Exit(0)
    for change in changes:
        _show(change)
    refused = sum(len(change.newly_refused) for change in changes)
    accepted = sum(len(change.newly_accepted) for change in changes)
    show.say(
        f"landed deliveries judged again: {len(changes)}; "
        f"{show.counted(refused, 'row')} newly refused, {accepted} newly accepted. "
        f"{_kept(changes)}"
        "Nothing was changed; `ioc reprocess` without --dry-run applies it."
    )
    raise typer.Exit(0)


def _kept(changes: Sequence[DeliveryChange]) -> str:
    """What of it would change nothing, for which the rows accepted before stay."""
    from ioc_pipelines.serving import show

    kept = [change for change in changes if not change.applies]
    if not kept:
        return ""
    why = ", ".join(
        f"{n} {outcome}" for outcome, n in sorted(Counter(c.outcome for c in kept).items())
    )
    rows = sum(change.before.accepted for change in kept)
    told = (
        f"NOT APPLIED as a whole: {len(kept)} of them ({why}), whose {show.counted(rows, 'row')} "
        "accepted before stay. "
    )
    if any(change.outcome in ("held", "below_floor", "awaiting_approval") for change in kept):
        told += "After `ioc reprocess` they wait for a person: `ioc approvals list`. "
    return told


def _show(change: DeliveryChange) -> None:
    from ioc_pipelines.serving import show

    show.say(f"{change.feed}  landed {change.landed_at[:16]}  {change.outcome}")
    if change.problem:
        show.say(f"  why   {change.problem}")
    after = "after" if change.applies else "if it applied"
    show.table(["", "before", after], _lines(change.before, change.after))
    if not change.applies:
        show.say(f"  NOT APPLIED: what stands stays, {change.before.accepted} rows")
    _rows("newly refused", change.newly_refused)
    _rows("newly accepted", change.newly_accepted)
    if change.gone:
        show.say(f"  no longer there under their place and key: {change.gone}")


def _lines(before: Counts, after: Counts) -> list[tuple[str, object, object]]:
    facts = ("contract_version", "received", "accepted", "refused", "duplicates")
    rules = sorted({*before.rules, *after.rules})
    return [
        *(
            (f"  {name.replace('_', ' ')}", getattr(before, name), getattr(after, name))
            for name in facts
        ),
        *((f"    {rule}", before.rules.get(rule, 0), after.rules.get(rule, 0)) for rule in rules),
    ]


def _rows(title: str, rows: Sequence[RowAt]) -> None:
    from ioc_pipelines.serving import show

    for row in rows[:_SHOWN]:
        place = ", ".join(part for part in (row.file, row.sheet) if part)
        rules = f": {', '.join(row.rules)}" if row.rules else ""
        show.say(f"  {title}  {place}, row {row.row}{rules}")
    if len(rows) > _SHOWN:
        show.say(f"  … and {len(rows) - _SHOWN} more {title}: --json shows all")
