"""``ioc sandbox``: the simulated agency systems of the sandbox province."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ioc_pipelines.cli_support import Json, Profile, print_json, progress, stop
from ioc_pipelines.home import DBT_PROJECT, Home

if TYPE_CHECKING:
    from collections.abc import Mapping
    from subprocess import Popen

    import polars as pl

    from ioc_pipelines.sandbox.answer_key import AnswerKey, FeedKey

sandbox = typer.Typer(no_args_is_help=True, help="Simulated agency systems.")


@sandbox.command("start")
def sandbox_start(
    as_of: Annotated[
        str | None,
        typer.Option(help="The day it stays at, 2026-11-20. Without it: today, every day anew"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed and day, same data")] = 33,
    replace: Annotated[bool, typer.Option(help="Make it anew if it is there")] = False,
    profile: Profile = None,
) -> None:
    """Make the simulated agency systems if they are not there, and serve them."""
    _start(Home.of(profile), _day(as_of), seed, replace)


@sandbox.command("run", context_settings={"ignore_unknown_options": True})
def sandbox_run(
    command: Annotated[list[str], typer.Argument(help="What to run: ioc refresh")],
    profile: Profile = None,
) -> None:
    """Run a command with the sandbox served; stop serving afterwards if nobody did before."""
    import signal
    import subprocess

    from ioc_pipelines.sandbox import process

    home = Home.of(profile)
    folder = home.sandbox
    was_served = process.running(folder) is not None
    _start(home, None, seed=33, replace=False)
    try:
        running = subprocess.Popen(command)  # noqa: S603  what the operator asked for
        signal.signal(signal.SIGTERM, lambda *_: running.terminate())
        code = _outcome(running)
    except FileNotFoundError:
        stop(f"there is no command '{command[0]}' on the PATH", code=2)
    finally:
        if not was_served:
            process.stop(folder)
    raise typer.Exit(code)


def _outcome(running: Popen[bytes]) -> int:
    """The exit code; an interrupt from the terminal reaches the command by itself."""
    while True:
        try:
            return running.wait()
        except KeyboardInterrupt:
            continue


def _start(home: Home, day: date | None, seed: int, replace: bool) -> None:
    from ioc_pipelines.sandbox import process, province
    from ioc_pipelines.sandbox.state import State

    folder = home.sandbox
    today = date.today()  # noqa: DTZ011  the day of whoever starts it
    if day and day > today:
        stop(f"--as-of: {day} has not come yet; today is {today}", code=2)
    state = State.read(folder)
    if replace or state is None:
        process.stop(folder)
        key = province.build(
            folder, _communes(), as_of=day or today, seed=seed, pinned=bool(day), replace=replace
        )
        _say_made(folder, key, {})
        _warn_of_loaded(home)
    elif day and day != state.as_of:
        stop(f"the sandbox is at {state.as_of}: --replace makes it anew, `advance` goes on", code=2)
    elif not state.pinned and state.as_of < today:
        _advance(folder, today, pinned=False)
    started = process.start(folder)
    progress(f"sandbox serves {folder} on 127.0.0.1:{started.port}")


@sandbox.command("stop")
def sandbox_stop(profile: Profile = None) -> None:
    """Stop serving. Data stays; databases on local servers are dropped and made again at start."""
    from ioc_pipelines.sandbox import process

    folder = Home.of(profile).sandbox
    progress("sandbox stopped" if process.stop(folder) else f"no sandbox runs at {folder}")


@sandbox.command("status")
def sandbox_status(profile: Profile = None, as_json: Json = False) -> None:
    """The sandbox's day, where it is served, what is broken."""
    from ioc_pipelines.sandbox import process
    from ioc_pipelines.sandbox.breaking import SYSTEMS, broken_systems, faults_of
    from ioc_pipelines.serving import show

    folder, state = _there(profile)
    served, broken = process.running(folder), broken_systems(folder)
    facts: dict[str, Any] = {
        "folder": str(folder),
        **state.model_dump(mode="json"),
        "port": served.port if served else None,
        "broken": broken,
    }
    if as_json:
        print_json(facts)
        return
    show.say("\n".join(f"{name}: {value}" for name, value in facts.items()))
    rows = [(name, broken.get(name, ""), ", ".join(faults_of(name))) for name in SYSTEMS]
    show.table(["system", "broken by", "can be broken by"], rows)


@sandbox.command("advance")
def sandbox_advance(
    days: Annotated[int, typer.Option(min=1, help="How many days")] = 1, profile: Profile = None
) -> None:
    """Let days pass: new rows come, some late, some old ones are corrected."""
    from ioc_pipelines.sandbox.breaking import DROP_FOLDERS, broken_systems

    folder, state = _there(profile)
    to, today = state.as_of + timedelta(days=days), date.today()  # noqa: DTZ011
    if to > today:
        stop(
            f"the sandbox is at {state.as_of} and today is {today}: no data of days to come. "
            "Start one further back: ioc sandbox start --replace --as-of "
            f"{today - timedelta(days=days)}",
            code=2,
        )
    if away := sorted(set(broken_systems(folder)) & set(DROP_FOLDERS)):
        stop(f"mend first: {', '.join(away)}", code=2)
    _advance(folder, to, pinned=True)


@sandbox.command("break")
def sandbox_break(
    system: Annotated[str, typer.Argument(help="As `ioc sandbox status` lists them")],
    fault: Annotated[str, typer.Argument(help="down, hang, html, truncated, endless, slow, …")],
    profile: Profile = None,
) -> None:
    """Break a system in one way, from now on."""
    from ioc_pipelines.sandbox.breaking import break_system
    from ioc_pipelines.sandbox.process import SandboxError

    folder, _ = _there(profile)
    try:
        break_system(folder, system, fault)
    except SandboxError as error:
        stop(str(error), code=2)
    progress(f"{system}: {fault}")


@sandbox.command("mend")
def sandbox_mend(
    system: Annotated[str | None, typer.Argument(help="Only this one")] = None,
    profile: Profile = None,
) -> None:
    """Mend what was broken."""
    from ioc_pipelines.sandbox.breaking import mend

    folder, _ = _there(profile)
    progress(f"mended: {', '.join(mend(folder, system)) or 'nothing was broken'}")


def _advance(folder: Path, to: date, *, pinned: bool) -> None:
    from ioc_pipelines.sandbox import process, province
    from ioc_pipelines.sandbox.answer_key import AnswerKey
    from ioc_pipelines.sandbox.server import databases

    before = AnswerKey.read(folder).feeds
    key = province.advance(folder, _communes(), to=to, pinned=pinned)
    if served := process.running(folder):
        databases.load(folder, served.client_secret)
    _say_made(folder, key, before)


def _there(profile: str | None) -> tuple[Path, Any]:
    from ioc_pipelines.sandbox.state import State

    folder = Home.of(profile).sandbox
    state = State.read(folder)
    if state is None:
        stop(f"no sandbox at {folder}; make one: ioc sandbox start", code=2)
    return folder, state


def _communes() -> pl.DataFrame:
    import polars as pl

    from ioc_pipelines.catalog.references import load_admin_units

    return load_admin_units(DBT_PROJECT / "seeds").filter(
        (pl.col("level") == "commune")
        & (pl.col("province_code") == "33")
        & pl.col("valid_to").is_null()
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        stop(f"--as-of: '{text}' is not a date; write it as 2026-11-20", code=2)


def _warn_of_loaded(home: Home) -> None:
    """What was loaded from an earlier sandbox stays, and the new one is no continuation of it."""
    if home.landing.exists():
        progress(
            f"{home.root} holds what was loaded from an earlier sandbox; the answers are true of "
            "an empty one: remove it to begin anew"
        )


def _say_made(folder: Path, key: AnswerKey, before: Mapping[str, FeedKey]) -> None:
    """What the agencies hold now, and how much more than ``before``."""
    from ioc_pipelines.serving import show

    if before:
        then = {feed: known.rows_received for feed, known in before.items()}
        counts = [
            (feed, now.rows_received, now.rows_received - then.get(feed, 0), now.rows_quarantined)
            for feed, now in key.feeds.items()
        ]
        show.table(["feed", "rows", "more", "to be refused"], counts)
    rows = sum(known.rows_received for known in key.feeds.values())
    refused = sum(known.rows_quarantined for known in key.feeds.values())
    show.say(f"sandbox of {key.as_of}: {folder}")
    show.say(f"  {len(key.feeds)} feeds, {rows} rows, {refused} of them to be refused")
