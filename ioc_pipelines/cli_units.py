"""``ioc units``: which administrative unit a name means."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from ioc_pipelines.cli_support import Json, print_json, stop
from ioc_pipelines.home import DBT_PROJECT

units = typer.Typer(no_args_is_help=True, help="Administrative units by name and day.")


@units.callback()
def _group() -> None:
    """Administrative units by name and day."""


@units.command("find")
def find(
    name: Annotated[str, typer.Argument(help="As an agency writes it: P. Bến Nghé, xã Hoà Lộc")],
    within: Annotated[str | None, typer.Option(help="Where it lies: H. An Lão, Bình Định")] = None,
    on: Annotated[str | None, typer.Option(help="A day, 2025-06-30; today unless said")] = None,
    as_json: Json = False,
) -> None:
    """The unit that a name means on a day. Exit 1 where it means none, or could be several."""
    from contracts.base import VIETNAM
    from ioc_pipelines.catalog.references import units_on
    from ioc_pipelines.intake.unit_names import UnitNameError, named_units

    try:
        day = date.fromisoformat(on) if on else datetime.now(VIETNAM).date()
    except ValueError:
        stop(f"--on is a day such as 2025-06-30, not {on!r}", code=2)
    try:
        unit = named_units(units_on(DBT_PROJECT / "seeds", day)).find(name, within)
    except UnitNameError as error:
        stop(str(error), code=1)
    if as_json:
        print_json({"unit_id": unit.unit_id, "full_name": unit.full_name, "above": unit.above})
    else:
        typer.echo(f"{unit.unit_id}  {unit.full_name}")
