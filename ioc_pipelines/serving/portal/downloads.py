"""What people take along: the published file, the marts as they lie there, any table as a file.

Each answer names its snapshot: ``ETag`` is the hash of the manifest, so a download that was broken
off goes on by range only while the same snapshot is published.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from ioc_pipelines.home import PUBLISHED_FILE
from ioc_pipelines.serving.portal.asked import Asked, NotThereError, Params
from ioc_pipelines.serving.portal.catalogue import TableName, described
from ioc_pipelines.serving.portal.exports import Format, exported, is_permitted
from ioc_pipelines.serving.portal.indicator import IndicatorCode, defined

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "duckdb": "application/vnd.duckdb",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_ONE_FILE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"


class Nothing(Params):
    """No parameters."""


class TableFile(Params):
    """A table and the format that it is wanted in."""

    schema_name: TableName
    table: TableName
    form: Format


class IndicatorFile(Params):
    """An indicator and the format that its values are wanted in."""

    code: IndicatorCode
    form: Literal["csv", "xlsx"]


class SnapshotFile(Params):
    """One of the pages that lie beside the published file."""

    page: Literal["nghiem-thu.html"]


def published_file(asked: Asked, _: Nothing) -> Path:
    """The whole file. Raises NotThereError where something in it is shared by request only."""
    catalog = asked.shelf.catalog
    for name in asked.snapshot.manifest.rows:
        if not is_permitted(catalog, *name.split(".", 1)):
            raise NotThereError(
                "Kho có bộ dữ liệu chỉ chia sẻ theo đề nghị, nên không cấp cả tệp.",
                "The file holds data that is shared by special request only.",
            )
    return asked.snapshot.file


def table_file(asked: Asked, given: TableFile) -> Path:
    """A table. Raises NotThereError; TooLargeError for a workbook that would not open."""
    name = f"{given.schema_name}.{given.table}"
    if name not in asked.snapshot.manifest.rows:
        raise NotThereError(f"Không có bảng {name}.", f"There is no table {name}.")
    if not is_permitted(asked.shelf.catalog, given.schema_name, given.table):
        raise NotThereError(
            "Bộ dữ liệu này chỉ chia sẻ theo đề nghị.", "It is shared by special request only."
        )
    if given.form == "parquet" and given.schema_name == "marts":
        return asked.snapshot.mart(given.table)
    return exported(asked.snapshot, name, given.form, titles=described(asked, name))


def indicator_file(asked: Asked, given: IndicatorFile) -> Path:
    """All values of an indicator. Raises NotThereError."""
    defined(asked, given.code)
    name = "marts.indicator_value"
    where = {"indicator_code": given.code}
    titles = described(asked, name)
    return exported(asked.snapshot, name, given.form, titles=titles, where=where)


def acceptance_page(asked: Asked, given: SnapshotFile) -> Path:
    """The page of the acceptance of the snapshot. Raises NotThereError where it has none."""
    path = asked.snapshot.file.parent / given.page
    if not path.is_file():
        raise NotThereError("Bản kho này không có trang nghiệm thu.", "It has no such page.")
    return path


def as_download(request: Request, asked: Asked, path: Path) -> Response:
    """The answer: whole, or the range that is asked for; nothing if the reader has it already."""
    # a report that was issued stays as it is, whatever is published after it
    is_report = path.is_relative_to(asked.snapshot.home.reports)
    etag = f'"{f"{path.parent.name}.{path.name}" if is_report else asked.snapshot.etag}"'
    headers = {"etag": etag, "cache-control": "no-cache"}
    known = request.headers.get("if-none-match", "")
    if etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, headers=headers)
    suffix = path.suffix.removeprefix(".")
    if suffix == "html":  # one file with its styles inside
        headers["content-security-policy"] = _ONE_FILE
    stem = "ioc" if path.name == PUBLISHED_FILE else path.stem.replace(".", "-")
    bound = "" if is_report else f"-{asked.snapshot.id}"
    name = f"{asked.snapshot.home.profile}-{stem}{bound}.{suffix}"
    return FileResponse(
        path,
        headers=headers,
        media_type=_TYPES[suffix],
        filename=name,
        content_disposition_type="inline" if suffix == "html" else "attachment",
    )
