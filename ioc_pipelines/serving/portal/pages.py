"""Pages as bytes: rendered from templates, each at most once per snapshot and minute."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool

from ioc_pipelines.serving.portal.asked import Asked
from ioc_pipelines.serving.portal.texts import Language, Speaker
from ioc_pipelines.serving.templates import templates

STATIC = Path(__file__).parent / "static"
# of the address, for a browser would keep the old ones: what changes with the portal's files
VERSION = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))
).hexdigest()[:12]
_FOLDER = "portal/templates"
_MOST_KEPT = 200


class Rendered:
    """The pages that were asked for last. Many who ask for one at once wait for one rendering."""

    def __init__(self) -> None:
        """Without any page."""
        self._pages: OrderedDict[tuple[str, ...], asyncio.Future[bytes]] = OrderedDict()

    async def page(self, key: tuple[str, ...], make: Callable[[], bytes]) -> bytes:
        """The page of a key, made in a thread if it is not there. Raises what ``make`` raises."""
        if key not in self._pages:
            self._pages[key] = asyncio.ensure_future(run_in_threadpool(make))
            while len(self._pages) > _MOST_KEPT:
                self._pages.popitem(last=False)
        self._pages.move_to_end(key)
        try:
            # a reader who goes away does not take the page from the others
            return await asyncio.shield(self._pages[key])
        except Exception:
            self._pages.pop(key, None)
            raise


def rendered(
    template: str, asked: Asked, content: Mapping[str, Any], path: str, query: str
) -> bytes:
    """A page of the portal; ``path`` and ``query`` are its own, without the language."""
    manifest = asked.snapshot.manifest
    return _render(
        template,
        asked.say,
        path,
        query,
        profile=asked.shelf.catalog.profile,
        shelf=asked.shelf,
        snapshot=manifest,
        age_s=(asked.now - manifest.built_at).total_seconds(),
        now=asked.now,
        **content,
    )


def error_page(language: Language, status: int, vi: str, en: str, path: str) -> bytes:
    """A page that says what went wrong; it needs no snapshot."""
    say = Speaker(language)
    return _render("error.html.jinja", say, path, "", status=status, message=say(vi, en))


def url(language: Language, path: str, **query: Any) -> str:
    """An address of the portal in a language; what is None is left out."""
    asked = urlencode({k: v for k, v in query.items() if v not in (None, "")})
    prefix = "/en" if language == "en" else ""
    return f"{prefix}{path}{'?' if asked else ''}{asked}"


def _render(template: str, say: Speaker, path: str, query: str, **content: Any) -> bytes:
    page = _environment().get_template(f"{_FOLDER}/{template}")
    other: Language = "en" if say.language == "vi" else "vi"
    switch = url(other, path) + (f"?{query}" if query else "")
    return page.render(
        say=say,
        url=partial(url, say.language),
        path=path,
        switch=switch,
        version=VERSION,
        **content,
    ).encode()


@cache
def _environment() -> Environment:
    return templates()


def minute(now: datetime) -> datetime:
    """The moment that a page says it was made at."""
    return now.replace(second=0, microsecond=0)
