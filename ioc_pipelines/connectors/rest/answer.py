"""Judge an answer: is it the source's records, or something else with status 200?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any, NoReturn

from ioc_pipelines.catalog.connectors import Envelope
from ioc_pipelines.connectors.fetched import SourceFaultyError
from ioc_pipelines.connectors.rest.client import Received

MISSING = object()
_OK = 200
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_TITLE = re.compile(rb"<title[^>]*>(.{0,400}?)</title", re.IGNORECASE | re.DOTALL)
_FIELD_NAME = re.compile(r"^[A-Za-z_@$][\w.@$-]{0,40}$", re.ASCII)
_SHOWN = 100
_MOST_VALUES = 10_000_000


class TokenRefusedError(SourceFaultyError):
    """The source does not take the token, or no longer."""


@dataclass(frozen=True)
class Answer:
    """The records of an answer, what it says about them, and all of it as parsed."""

    records: list[dict[str, Any]]
    total: int | None
    tree: Any


Judge = Callable[[Received, str], Answer]
"""From what was received, and what to call it in a message, to its records."""


def judged(received: Received, envelope: Envelope, what: str) -> Answer:
    """The records of an answer that is what the feed says it is.

    Raises TokenRefusedError when the token is to be renewed, and SourceFaultyError naming what
    was found instead: never a value of a record (rule 11).
    """
    if received.status != _OK:
        _refuse(received, envelope, what)
    tree = parsed(received, what)
    check_status(tree, envelope, what)
    records = _records(tree, envelope, what)
    if envelope.count is not None:
        count = _number(tree, envelope.count, what)
        if count != len(records):
            raise SourceFaultyError(
                f"{what}: {envelope.count} says {count}, but {len(records)} records came: "
                "ask the agency why; nothing of it is taken"
            )
    total = None if envelope.total is None else _number(tree, envelope.total, what)
    return Answer(records, total, tree)


def at(tree: Any, path: str) -> Any:
    """What stands at a dotted path, or ``MISSING``; a field's name may itself hold dots."""
    if isinstance(tree, dict) and path in tree:
        return tree[path]
    for step in path.split("."):
        if not isinstance(tree, dict) or step not in tree:
            return MISSING
        tree = tree[step]
    return tree


def parsed(received: Received, what: str) -> Any:
    """The answer's JSON. Raises SourceFaultyError naming what came instead, and where it breaks."""
    body = received.body
    found = f"{len(body)} bytes of {received.content_type[:60] or 'no content type'}"
    is_html = "html" in received.content_type.lower()
    if is_html or body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        raise SourceFaultyError(
            f"{what}: not JSON but a page or XML{_title(body)} ({found}): the source is in "
            "maintenance, something in front of it answers in its place, or the address is another "
            "service's. The next refresh asks again; ask the agency if it stays so"
        )
    values = sum(body.count(sign) for sign in (b",", b"[", b"{"))
    if values > _MOST_VALUES:  # each takes up to twenty times its bytes in memory
        raise SourceFaultyError(
            f"{what}: more than {_MOST_VALUES} values in one answer ({found}): ask for pages"
        )
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 at byte {error.start} ({found}): ask the agency for JSON in UTF-8"
    except json.JSONDecodeError as error:
        where = f"{error.msg}, character {error.pos} of {len(error.doc)}"
        problem = f"not whole, or not JSON: {where} ({found}); fetch again, or tell the agency"
    except RecursionError:
        problem = f"nested too deep ({found}): this is not a list of records"
    except ValueError as error:
        what_number = str(error) if isinstance(error, _NoNumberError) else "a number too long"
        problem = f"not JSON: {what_number} ({found})"
    raise SourceFaultyError(f"{what}: {problem}")


class _NoNumberError(ValueError):
    """NaN or Infinity, which JSON does not have."""


def _no_number(written: str) -> NoReturn:
    raise _NoNumberError(written)


def check_status(tree: Any, envelope: Envelope, what: str) -> None:
    """Raise SourceFaultyError unless the envelope says that all went well."""
    if envelope.status is None:
        return
    said = at(tree, envelope.status)
    if said is MISSING:
        raise SourceFaultyError(f"{what}: no {envelope.status} in the answer{_fields(tree)}")
    if _text(said) in {_text(ok) for ok in envelope.ok}:
        return
    codes = [_text(said), _code(tree, envelope)]
    told = _explained(tree, envelope)
    kind = TokenRefusedError if _means_renewal(codes, envelope) else SourceFaultyError
    raise kind(f"{what}: {envelope.status} is {_short(said)}, not {_words(envelope.ok)}{told}")


def _refuse(received: Received, envelope: Envelope, what: str) -> NoReturn:
    """Any status but 200: what it means and what to do, in the source's own code if it is known."""
    told = ""
    try:
        tree = json.loads(received.body)
        told = _explained(tree, envelope)
    except (ValueError, RecursionError):
        tree = None
    if received.status == _UNAUTHORIZED:
        advice = told or "; ask the agency for a new one, or see whether it was withdrawn"
        raise TokenRefusedError(f"{what}: HTTP 401, the token was refused{advice}")
    if received.status == _FORBIDDEN:
        advice = told or (
            ", refused: the token or this machine's address may not read this; ask the agency to "
            "allow it"
        )
        raise SourceFaultyError(f"{what}: HTTP 403{advice}")
    raise SourceFaultyError(
        f"{what}: HTTP {received.status}{told}: see path and params of the feed"
    )


def _explained(tree: Any, envelope: Envelope) -> str:
    """What the source's error code means, if the feed knows it, and the source's own words."""
    codes = [_code(tree, envelope)]
    if envelope.status is not None:
        codes.append(_text(at(tree, envelope.status)))
    known = {_text(code): f" (code {code}: {told})" for code, told in envelope.errors.items()}
    parts = [known[code] for code in codes if code in known][:1]
    message = MISSING if envelope.message is None else at(tree, envelope.message)
    if isinstance(message, str) and message.strip():
        parts.append(f'; the source says "{_short(message)}"')
    return "".join(parts)


def _code(tree: Any, envelope: Envelope) -> str:
    return _text(MISSING if envelope.code is None else at(tree, envelope.code))


def _means_renewal(codes: list[str], envelope: Envelope) -> bool:
    return any(_text(code) in codes for code in envelope.token_ended)


def _records(tree: Any, envelope: Envelope, what: str) -> list[dict[str, Any]]:
    place = envelope.records or "the top"
    found = tree if envelope.records is None else at(tree, envelope.records)
    if found is None and envelope.count and at(tree, envelope.count) == 0:
        return []
    if found is MISSING:
        raise SourceFaultyError(f"{what}: no {place} in the answer{_fields(tree)}: see envelope")
    if not isinstance(found, list):
        raise SourceFaultyError(
            f"{what}: at {place} stands {_kind(found)}, not a list of records{_fields(found)}: "
            "see envelope"
        )
    for number, record in enumerate(found, start=1):
        if not isinstance(record, dict):
            raise SourceFaultyError(
                f"{what}: record {number} at {place} is {_kind(record)}, not an object"
            )
    return found


def _number(tree: Any, path: str, what: str) -> int:
    found = at(tree, path)
    if isinstance(found, str) and re.fullmatch(r"\d{1,15}", found, re.ASCII):
        return int(found)
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    raise SourceFaultyError(f"{what}: at {path} stands {_kind(found)}, not a number of records")


def _kind(found: Any) -> str:
    if found is MISSING:
        return "nothing"
    kinds: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text", bool: "a truth"}
    return "null" if found is None else kinds.get(type(found), "a number")


def _fields(tree: Any) -> str:
    """Names of fields, of those that are surely names: keys may be values, such as a person's."""
    names = [name for name in tree if _FIELD_NAME.match(name)] if isinstance(tree, dict) else []
    return f" (fields: {', '.join(names[:10])})" if names else f" ({_kind(tree)})"


def _title(body: bytes) -> str:
    match = _TITLE.search(body[: _SHOWN * 100])
    return f" titled {_short(unescape(match[1].decode(errors='replace')))!r}" if match else ""


def _text(value: Any) -> str:
    """A status or code as it is compared: `Done`, `done` and `DONE` are one, so are 0 and "0"."""
    return "" if value is MISSING else str(value).strip().casefold()


def _words(values: tuple[str | int | bool, ...]) -> str:
    return " or ".join(map(str, values)) or "one that the feed names under ok"


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return _kind(value)
    shown = " ".join(str(value).split())
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
