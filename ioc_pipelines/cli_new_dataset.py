"""``ioc new-dataset``: contract, feed entry, staging model and test case from a sample."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ioc_pipelines.cli_support import Json, Profile, deployment_of, print_json, stop
from ioc_pipelines.home import PROJECT

if TYPE_CHECKING:
    from ioc_pipelines.catalog.models import Letter
    from ioc_pipelines.scaffold.propose import Proposal

_LETTER = "'number,date' of the letter"


def new_dataset(
    dataset: Annotated[str, typer.Argument(help="<sector>.<dataset>")],
    agency: Annotated[str, typer.Option(help="Who supplies it: a file of the profile")],
    sample: Annotated[Path | None, typer.Option(help="A file as the agency sends it")] = None,
    table: Annotated[str | None, typer.Option(help="Or a table: name or schema.name")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Or a path of a web service")] = None,
    url_env: Annotated[str | None, typer.Option(help="Variable with the address")] = None,
    watermark: Annotated[str | None, typer.Option(help="Column that grows with changes")] = None,
    records: Annotated[str | None, typer.Option(help="Where the records are: data.items")] = None,
    token_env: Annotated[str | None, typer.Option(help="Variable with a bearer token")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet; default: the first table")] = None,
    title_vi: Annotated[str | None, typer.Option(help="What the dataset is called")] = None,
    request_letter: Annotated[str | None, typer.Option(help=f"{_LETTER} that asks")] = None,
    consent_letter: Annotated[str | None, typer.Option(help=f"{_LETTER} that consents")] = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Propose a dataset from a sample, and write its files: all of them, or none."""
    from ioc_pipelines.scaffold.cells import Known
    from ioc_pipelines.scaffold.infer import today
    from ioc_pipelines.scaffold.model import ScaffoldError
    from ioc_pipelines.scaffold.propose import Asked, propose, require_new
    from ioc_pipelines.scaffold.sample import of_endpoint, of_file, of_table

    _require_one_source(sample, table, endpoint, url_env)
    letters = _letters(request=request_letter, consent=consent_letter)
    deployment = deployment_of(profile)
    asked = Asked(dataset, agency, title_vi, letters)
    known = Known(deployment.spellings, deployment.references, today())
    try:
        require_new(PROJECT, asked, deployment.catalog)
        with tempfile.TemporaryDirectory(prefix="ioc-new-dataset-") as folder:
            place = Path(folder)
            addresses = deployment.environment
            if sample is not None:
                found = of_file(sample, agency, deployment.catalog, addresses, sheet)
            elif table is not None:
                found = of_table(table, str(url_env), watermark, addresses, place)
            else:
                options = (str(endpoint), str(url_env), records, token_env)
                found = of_endpoint(*options, addresses, place)
            proposal = propose(PROJECT, asked, found, deployment.catalog, known)
            proposal.write()
    except ScaffoldError as error:
        stop(str(error), code=error.code)
    if as_json:
        print_json(_summary(proposal))
    else:
        _show(proposal)


def _require_one_source(
    sample: Path | None, table: str | None, endpoint: str | None, url_env: str | None
) -> None:
    if sum(given is not None for given in (sample, table, endpoint)) != 1:
        stop("say where the sample is: --sample, --table or --endpoint, one of them", code=2)
    if sample is None and url_env is None:
        stop("--url-env: which environment variable has the address?", code=2)
    if sample is not None and url_env is not None:
        stop("--url-env goes with --table or --endpoint, not with a file", code=2)


def _letters(**given: str | None) -> dict[str, Letter]:
    """The letters that were given: a number and a date, 2026-10-05 or 05/10/2026."""
    from ioc_pipelines.catalog.models import Letter

    letters = {}
    for name, text in given.items():
        if text is None:
            continue
        number, _, written = text.rpartition(",")
        day = _day(written.strip())
        if not number.strip() or day is None:
            stop(f"--{name}-letter '{text}': write number and date, '13/VP-IOC,2026-10-05'", code=2)
        letters[name] = Letter(number=number.strip(), dated=day)
    return letters


def _day(written: str) -> date | None:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007  a day
        except ValueError:
            continue
    return None


def _summary(proposal: Proposal) -> dict[str, Any]:
    from ioc_pipelines.serving.rehearsal import summary

    return {
        "dataset": proposal.draft.dataset,
        "status": proposal.draft.state,
        "key": proposal.draft.key,
        "guesses": [vars(guess) for guess in proposal.draft.all_guesses],
        "files": {_shown(path): count for path, count in proposal.looked_at.items()},
        "beside": {_shown(path): count for path, count in proposal.beside.items()},
        "sample": summary(proposal.rehearsal),
    }


def _show(proposal: Proposal) -> None:
    """The guesses, how the sample fares, the files, and what to do next."""
    from ioc_pipelines.serving import show

    draft, verdict = proposal.draft, proposal.rehearsal.verdict
    guesses = [(g.column, g.what, g.why) for g in draft.all_guesses]
    show.table(["column", "guessed", "why"], guesses)
    if verdict is not None:
        show.say(
            f"{verdict.rows_received} rows of the sample: {verdict.accepted.height} would be "
            f"accepted, {verdict.quarantined.height} refused, {verdict.rows_duplicate} duplicates"
        )
    for rule, column, count in proposal.rehearsal.rules.rows():
        show.say(f"! {count} rows break {rule}" + (f" ({column})" if column else ""))
    listed = [(_shown(path), count, "") for path, count in proposal.looked_at.items()]
    total = sum(proposal.looked_at.values())
    listed.append((f"{len(proposal.looked_at)} files to look at", total, ""))
    listed += [(_shown(path), count, "beside it") for path, count in proposal.beside.items()]
    show.table(["file", "lines", ""], listed)
    _show_next(proposal)


def _show_next(proposal: Proposal) -> None:
    from ioc_pipelines.serving import show

    draft = proposal.draft
    option = f" --profile {proposal.profile}"
    agency = next(path.stem for path in proposal.changed if path.parent.name == proposal.profile)
    if draft.state == "planned":
        show.say("PLANNED, not active: this profile asks for a request and a consent letter (B10).")
        show.say(f"  write both into sources/{proposal.profile}/{agency}.yaml, say")
        show.say(f"  status: {{state: active, since: {draft.since}}}")
        show.say("  and only then will a refresh load it:")
    else:
        show.say("next:")
    show.say(f"  ioc feed try {agency}/{draft.dataset}{option}")
    show.say(f"  ioc refresh --dataset {draft.dataset}{option}")


def _shown(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()
