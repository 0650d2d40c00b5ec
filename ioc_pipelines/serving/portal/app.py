"""The web application of the portal: its addresses, its headers, what it says of errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.base import VIETNAM
from ioc_pipelines.catalog.load import Catalog
from ioc_pipelines.home import Home
from ioc_pipelines.serving.map_questions import NoMapError
from ioc_pipelines.serving.portal import (
    batch,
    catalogue,
    downloads,
    indicator,
    map_page,
    overview,
    quality,
    reports,
)
from ioc_pipelines.serving.portal.asked import Asked, NotThereError, Params
from ioc_pipelines.serving.portal.exports import TooLargeError
from ioc_pipelines.serving.portal.opened import NothingPublishedError, Published, Snapshot
from ioc_pipelines.serving.portal.pages import STATIC, Rendered, error_page, minute, rendered
from ioc_pipelines.serving.portal.shelf import Shelf
from ioc_pipelines.serving.portal.texts import Language, Speaker

# nothing from elsewhere, nothing inline, no frames: what is not named falls back to "none"
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_PAGES: Sequence[tuple[str, str, type[Params], Callable[[Asked, Any], dict[str, Any]]]] = (
    ("/", "overview", overview.Overview, overview.overview),
    ("/indicators/{code}", "indicator", indicator.Indicator, indicator.indicator),
    ("/batches/{batch}", "batch", batch.Batch, batch.batch),
    ("/map", "map", map_page.Map, map_page.map_page),
    ("/quality", "quality", quality.Quality, quality.quality),
    ("/reports", "reports", reports.Reports, reports.reports),
    ("/catalogue", "catalogue", catalogue.Catalogue, catalogue.catalogue),
    ("/catalogue/{schema_name}/{table}", "table", catalogue.Table, catalogue.table),
)
_FILES: Sequence[tuple[str, type[Params], Callable[[Asked, Any], Path]]] = (
    ("/download/ioc.duckdb", downloads.Nothing, downloads.published_file),
    (
        "/download/indicators/{code}.{form}",
        downloads.IndicatorFile,
        downloads.indicator_file,
    ),
    (
        "/download/reports/{kind}/{period}/{report_id}/{file}",
        reports.ReportFile,
        reports.report_file,
    ),
    ("/download/snapshot/{page}", downloads.SnapshotFile, downloads.acceptance_page),
    ("/download/{schema_name}/{table}.{form}", downloads.TableFile, downloads.table_file),
)


@dataclass(frozen=True)
class Portal:
    """What the answers to all requests share."""

    published: Published
    shelf: Shelf
    pages: Rendered = field(default_factory=Rendered)

    def asked(self, snapshot: Snapshot, language: Language, now: datetime) -> Asked:
        """The question of one request, with a cursor of its own."""
        cursor = snapshot.connection.cursor()
        return Asked(snapshot, cursor, self.shelf, Speaker(language), now)


def portal(home: Home, catalog: Catalog, hosts: Sequence[str] = ("*",)) -> ASGIApp:
    """The application for a home. ``hosts``: the names by which it may be addressed."""
    shelf = Shelf.of(catalog)

    def warm(snapshot: Snapshot) -> None:
        """Read what the first page needs, so that the first reader does not wait for it."""
        with snapshot.connection.cursor() as cursor:
            asked = Asked(snapshot, cursor, shelf, Speaker("vi"), datetime.now(VIETNAM))
            overview.overview(asked, overview.Overview())

    own = Portal(Published(home, warm), shelf)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        own.published.close()

    handlers: Mapping[Any, Any] = {
        ValidationError: _invalid,
        NotThereError: _not_there,
        TooLargeError: _too_large,
        NothingPublishedError: _nothing_published,
        NoMapError: _nothing_published,
        HTTPException: _http,
        Exception: _broken,
    }
    app = Starlette(
        routes=[
            *_pages(own, "vi"),
            Mount("/en", routes=_pages(own, "en")),
            *(Route(path, _File(own, params, find)) for path, params, find in _FILES),
            Route("/healthz", _Health(own)),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))],
        exception_handlers=handlers,
        lifespan=lifespan,
    )
    # outside of all, for what is said of a failure has headers, too
    return _Headers(app)


def _pages(own: Portal, language: Language) -> list[Route]:
    return [
        Route(path, _Page(own, language, f"{name}.html.jinja", params, content))
        for path, name, params, content in _PAGES
    ]


@dataclass(frozen=True)
class _Page:
    """A page in one language."""

    portal: Portal
    language: Language
    template: str
    params: type[Params]
    content: Callable[[Asked, Any], dict[str, Any]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        _require_reading(request)
        given = _given(request, self.params)
        now = minute(datetime.now(VIETNAM))
        with self.portal.published.current() as snapshot:
            said = given.model_dump_json(exclude_unset=True)
            key = (snapshot.id, self.template, self.language, said, now.isoformat())
            path, query = _own_path(request), request.url.query

            def make() -> bytes:
                with self.portal.published.held(snapshot):
                    asked = self.portal.asked(snapshot, self.language, now)
                    with asked.cursor:
                        return rendered(
                            self.template, asked, self.content(asked, given), path, query
                        )

            body = await self.portal.pages.page(key, make)
            headers = {"cache-control": "no-cache", "ioc-snapshot": snapshot.id}
            await HTMLResponse(body, headers=headers)(scope, receive, send)


@dataclass(frozen=True)
class _File:
    """A file to take along."""

    portal: Portal
    params: type[Params]
    find: Callable[[Asked, Any], Path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        _require_reading(request)
        given = _given(request, self.params)
        with self.portal.published.current() as snapshot:
            asked = self.portal.asked(snapshot, "vi", datetime.now(VIETNAM))
            with asked.cursor:
                path = await run_in_threadpool(self.find, asked, given)
            await downloads.as_download(request, asked, path)(scope, receive, send)


@dataclass(frozen=True)
class _Health:
    """Whether there is something to show, and what: for monitoring, and for the wall."""

    portal: Portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        _require_reading(request)
        with self.portal.published.current() as snapshot:
            built_at = snapshot.manifest.built_at
            told = {
                "status": "ok",
                "snapshot": snapshot.id,
                "built_at": built_at.isoformat(),
                "age_s": round((datetime.now(VIETNAM) - built_at).total_seconds()),
            }
        await JSONResponse(told, headers={"cache-control": "no-store"})(scope, receive, send)


def _require_reading(request: Request) -> None:
    if request.method not in ("GET", "HEAD"):
        raise HTTPException(405, headers={"allow": "GET, HEAD"})


def _given(request: Request, params: type[Params]) -> Params:
    """The parameters of path and query. Raises ValidationError."""
    asked = {name: value for name, value in request.query_params.items() if value != ""}
    # a part of the path cannot be said again in the query
    return params.model_validate({**asked, **request.path_params})


def _own_path(request: Request) -> str:
    path = request.url.path.removeprefix("/en") if _language(request) == "en" else request.url.path
    return path or "/"


def _language(request: Request) -> Language:
    path = request.url.path
    return "en" if path == "/en" or path.startswith("/en/") else "vi"


def _error(request: Request, status: int, vi: str, en: str) -> Response:
    headers = {"cache-control": "no-store"}
    if request.url.path == "/healthz":
        return JSONResponse({"status": en}, status, headers=headers)
    page = error_page(_language(request), status, vi, en, _own_path(request))
    return HTMLResponse(page, status, headers=headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, ValidationError)  # noqa: S101
    names = ", ".join(
        sorted({".".join(map(str, problem["loc"])) or "?" for problem in error.errors()})
    )
    return _error(
        request,
        400,
        f"Tham số không hợp lệ: {names}. Hãy quay lại và chọn trong các mục có sẵn.",
        f"Not valid: {names}. Go back and choose from what is offered.",
    )


def _not_there(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotThereError)  # noqa: S101
    return _error(request, 404, error.vi, error.en)


def _too_large(request: Request, _: Exception) -> Response:
    return _error(
        request,
        422,
        "Bảng có quá nhiều dòng cho một tệp Excel. Hãy tải CSV hoặc Parquet, hoặc tải theo từng "
        "chỉ tiêu.",
        "The table has too many rows for a workbook. Take CSV or Parquet, or one indicator.",
    )


def _nothing_published(request: Request, _: Exception) -> Response:
    return _error(
        request,
        503,
        "Chưa có dữ liệu nào được công bố để xem. Hãy chờ lần làm mới tiếp theo.",
        "Nothing is published yet that could be shown. Wait for the next refresh.",
    )


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    vi, en = {
        404: ("Không có trang này.", "There is no such page."),
        405: ("Cổng chỉ để xem.", "The portal can only be read."),
    }.get(error.status_code, ("Không thực hiện được yêu cầu.", "This cannot be done."))
    answer = _error(request, error.status_code, vi, en)
    answer.headers.update(error.headers or {})
    return answer


def _broken(request: Request, _: Exception) -> Response:
    return _error(
        request,
        500,
        "Cổng gặp lỗi khi dựng trang này. Lỗi đã được ghi lại cho người vận hành.",
        "The portal failed to make this page. The failure is in the operator's log.",
    )


class _Headers:
    """Lays the headers of security on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
