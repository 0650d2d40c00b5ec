"""Walk the pages of a source to their end, and notice when there is none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from ioc_pipelines.catalog.connectors import (
    CursorPaging,
    LinkPaging,
    OffsetPaging,
    PagePaging,
    Paging,
)
from ioc_pipelines.connectors.fetched import SourceFaultyError
from ioc_pipelines.connectors.rest.answer import MISSING, Answer, at
from ioc_pipelines.connectors.rest.budget import Budget
from ioc_pipelines.connectors.rest.client import Received, same_source


@dataclass(frozen=True)
class Page:
    """One answer: its number, its bytes as received, and its records."""

    number: int
    body: bytes
    records: list[dict[str, Any]]


Ask = Callable[[httpx.URL, str], tuple[Received, Answer]]


def walk(ask: Ask, first: httpx.URL, paging: Paging | None, budget: Budget) -> Iterator[Page]:
    """Every page from ``first`` on.

    Raises SourceFaultyError when paging has no end (the records of a page again, a place visited
    before, more records than the total) or ends before all records that the source counts.
    """
    visited: set[str] = set()
    pages: dict[bytes, int] = {}
    asked: httpx.URL | None = first
    while asked is not None:
        visited.add(str(asked))
        what = f"page {budget.pages + 1}"
        received, answer = ask(asked, what)
        # not the bytes: what stands around the records may tell the time
        digest = _digest(answer.records) if answer.records else b""
        earlier = pages.get(digest)
        if earlier is not None:
            if _ends_by_repeating(paging, earlier, budget.pages):
                return
            raise _endless(what, f"the same records as page {earlier}", budget, paging)
        budget.pages += 1
        budget.records += len(answer.records)
        if digest:
            pages[digest] = budget.pages
        if answer.total is not None and budget.records > answer.total:
            raise _endless(what, f"more records than the total of {answer.total}", budget)
        yield Page(budget.pages, received.body, answer.records)
        asked = _next(paging, asked, received, answer, budget, what)
        if asked is None and answer.total is not None and budget.records < answer.total:
            raise SourceFaultyError(
                f"{what}: the last one, but only {budget.records} of {answer.total} records came: "
                "the source changed while it was read, or see paging of the feed; fetch again"
            )
        if str(asked) in visited:
            raise _endless(what, "what follows it was read before", budget)


def first_url(url: httpx.URL, params: Mapping[str, str | int], paging: Paging | None) -> httpx.URL:
    """The address of the first page."""
    asked: dict[str, str | int] = dict(params)
    match paging:
        case PagePaging():
            asked[paging.param] = paging.first
            if paging.size_param is not None:
                asked[paging.size_param] = paging.size
        case OffsetPaging():
            asked |= {paging.param: 0, paging.size_param: paging.size}
    return url.copy_merge_params(asked) if asked else url


def _next(
    paging: Paging | None,
    asked: httpx.URL,
    received: Received,
    answer: Answer,
    budget: Budget,
    what: str,
) -> httpx.URL | None:
    """The address of the page after this one; None at the end."""
    match paging:
        case None:
            return None
        case PagePaging():
            size = None if paging.size_param is None else paging.size
            if _is_last(answer, budget.records, size):
                return None
            return asked.copy_set_param(paging.param, int(asked.params[paging.param]) + 1)
        case OffsetPaging():
            if _is_last(answer, budget.records, paging.size):
                return None
            return asked.copy_set_param(paging.param, budget.records)
        case CursorPaging():
            cursor = _cursor(answer.tree, paging.next, what)
            return asked.copy_set_param(paging.param, cursor) if cursor else None
        case LinkPaging():
            link = received.link if paging.next is None else _cursor(answer.tree, paging.next, what)
            return _linked(received.url, link, what) if link else None


def _is_last(answer: Answer, so_far: int, size: int | None) -> bool:
    """Whether no page follows.

    The total decides where the source counts: it may give fewer a page than it was asked for.
    """
    count = len(answer.records)
    if answer.total is not None:
        return count == 0 or so_far >= answer.total
    return count == 0 or (size is not None and count < size)


def _cursor(tree: Any, path: str, what: str) -> str | None:
    found = at(tree, path)
    if found is MISSING or found is None or found is False or found == "":
        return None
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise SourceFaultyError(f"{what}: at {path} stands no cursor: see paging of the feed")
    return str(found)


def _linked(url: httpx.URL, link: str, what: str) -> httpx.URL:
    try:
        target = url.join(link)
    except httpx.InvalidURL as error:
        raise SourceFaultyError(f"{what}: its link to the next page is no address") from error
    if not same_source(url, target):
        raise SourceFaultyError(
            f"{what}: its link to the next page leads to another host, scheme or port; nothing "
            "was sent there"
        )
    return target


def _ends_by_repeating(paging: Paging | None, earlier: int, pages: int) -> bool:
    """Whether the last page again is the end: declared, and pages are known to differ.

    A second page like the first may as well mean that the source does not heed the page's number.
    """
    is_declared = isinstance(paging, PagePaging) and paging.past_end == "last"
    return is_declared and earlier == pages > 1


def _digest(records: list[dict[str, Any]]) -> bytes:
    return hashlib.sha256(json.dumps(records).encode()).digest()


def _endless(
    what: str, why: str, budget: Budget, paging: Paging | None = None
) -> SourceFaultyError:
    hint = " (a size that takes all in one page, or `past_end: last`, may help)"
    return SourceFaultyError(
        f"{what}: {why}: the paging does not end, noticed after {budget.pages} pages; see paging "
        f"of the feed{hint if isinstance(paging, PagePaging) else ''}"
    )
