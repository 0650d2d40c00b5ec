"""How a feed says where its source is. Addresses and secrets are names of environment variables."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

EnvironmentName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
OutboxFolder = Annotated[str, Field(pattern=r"^[a-z0-9_-]+(/[a-z0-9_-]+)*$")]
_SPAN = re.compile(r"^(\d+)([mhd])$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _span(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (match := _SPAN.match(value)):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    msg = "a span of time is a number with m, h or d: 30m, 26h, 35d"
    raise ValueError(msg)


Span = Annotated[
    timedelta,
    BeforeValidator(_span, json_schema_input_type=Annotated[str, Field(pattern=_SPAN.pattern)]),
]


class Strict(BaseModel):
    """Base of catalog models: an unknown field is an error, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reached(Strict):
    """What every way to a source has in common."""

    timeout_s: float = Field(
        default=120, gt=0, description="Longest that fetching one delivery may take, in seconds"
    )


class FilesConnector(Reached):
    """A folder that an agency drops files into."""

    kind: Literal["files"]
    root_env: EnvironmentName = Field(description="Environment variable with the folder's path")
    pattern: str = Field(description="Glob below that folder, e.g. `so_y_te/*.csv`")
    quiet_s: float = Field(
        default=5, ge=0, description="A file is whole when it has not changed for so many seconds"
    )
    outbox: OutboxFolder | None = Field(
        default=None, description="Folder below it that feedback goes back to: `so_y_te/phan-hoi`"
    )


class SftpConnector(Reached):
    """A drop folder on the agency's SFTP server."""

    kind: Literal["sftp"]
    url_env: EnvironmentName = Field(
        description="Environment variable with `sftp://user@host:port/folder`"
    )
    known_hosts_env: EnvironmentName = Field(
        description="Environment variable with the path of the file that holds the server's key"
    )
    password_env: EnvironmentName | None = None
    key_file_env: EnvironmentName | None = Field(
        default=None, description="Environment variable with the path of the private key"
    )
    pattern: str = Field(
        pattern=r"^([^*?\[\]]+/)?[^/]+$", description="Folder below it, and a glob of file names"
    )
    quiet_s: float = Field(default=5, ge=0)
    outbox: OutboxFolder | None = None


class SqlConnector(Reached):
    """A table or view of an agency's database: PostgreSQL, MariaDB/MySQL or SQLite."""

    kind: Literal["sql"]
    url_env: EnvironmentName = Field(description="Environment variable with the SQLAlchemy URL")
    table: str = Field(description="`table` or `schema.table`")
    watermark: str | None = Field(
        default=None,
        description="Column that grows with every change: a time, or a number. None: the whole "
        "table each time",
    )
    overlap: Span | Annotated[int, Field(ge=0)] = Field(
        default=timedelta(0),
        description="How far behind the newest watermark to read again, for rows committed late: "
        "a span for times, a number for numbers",
    )


class PagePaging(Strict):
    """Pages with a number: ended by an empty page, a short one, or the total."""

    kind: Literal["page"]
    param: str = "page"
    first: int = 1
    size_param: str | None = Field(
        default="size", description="null: the source sets the size, and a short page ends nothing"
    )
    size: int = Field(
        default=1000, gt=0, description="Not more than the source gives: a shorter page is the last"
    )
    past_end: Literal["empty", "last"] = Field(
        default="empty",
        description="What the source answers past its end: `last`: its last page again",
    )


class OffsetPaging(Strict):
    """Rows from an offset on."""

    kind: Literal["offset"]
    param: str = "offset"
    size_param: str = "limit"
    size: int = Field(default=1000, gt=0)


class CursorPaging(Strict):
    """Each answer names the next one's cursor; null or absent ends it."""

    kind: Literal["cursor"]
    param: str = "cursor"
    next: str = Field(description="Where the next cursor stands in the answer: `meta.next`")


class LinkPaging(Strict):
    """Each answer links the next page in its `Link` header (RFC 8288), on the same host only."""

    kind: Literal["link"]
    next: str | None = Field(
        default=None, description="Where the link stands in the answer instead: `links.next`"
    )


Paging = Annotated[
    PagePaging | OffsetPaging | CursorPaging | LinkPaging, Field(discriminator="kind")
]


class StaticToken(Strict):
    """A bearer token that the agency handed over."""

    kind: Literal["static"]
    token_env: EnvironmentName


class ClientCredentials(Strict):
    """A bearer token asked for with client id and secret (RFC 6749, 4.4), renewed when it ends."""

    kind: Literal["client_credentials"]
    token_path: str = Field(default="/token", pattern=r"^/")
    client_id_env: EnvironmentName
    client_secret_env: EnvironmentName
    secret_in: Literal["header", "form"] = Field(
        default="header",
        description="Where id and secret are sent: `Authorization: Basic`, or"
        " `client_id` and `client_secret` of the form",
    )
    scope: str | None = None


Authentication = Annotated[StaticToken | ClientCredentials, Field(discriminator="kind")]


class Quota(Strict):
    """What the source allows (B09): requests a minute, and the hours it may be asked at."""

    requests_per_minute: int | None = Field(default=None, gt=0)
    hours: str | None = Field(
        default=None,
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        description="Viet Nam time, may pass midnight: `22:00-06:00`",
    )


class Changes(Strict):
    """How to ask for what changed only."""

    param: str = Field(description="Query parameter that takes the moment")
    until_param: str | None = Field(
        default=None, description="Query parameter that takes the end of a span, for `--until`"
    )
    field: str = Field(description="Field of a record that says when it changed")
    format: str = Field(default="%Y-%m-%dT%H:%M:%S", description="How both write a moment")
    overlap: Span = timedelta(0)


class Envelope(Strict):
    """What stands around the records of an answer; paths are dotted names (`data.items`)."""

    records: str | None = Field(default=None, description="None: the answer is the list itself")
    status: str | None = Field(default=None, description="Where the answer says how it went")
    ok: tuple[str | int | bool, ...] = Field(
        default=(), description="What `status` is when all went well"
    )
    count: str | None = Field(
        default=None, description="Where the number of records of the answer stands: it must agree"
    )
    total: str | None = Field(default=None, description="Where the number of all records stands")
    message: str | None = Field(
        default=None,
        description="Where an error's text stands; it is shown, so not if it can hold data",
    )
    code: str | None = Field(
        default=None, description="Where an error's code stands, besides `status`"
    )
    errors: dict[str, str] = Field(
        default_factory=dict, description="What an error code means and what to do"
    )
    token_ended: tuple[str | int, ...] = Field(
        default=(), description="Codes that ask for a new token"
    )

    @model_validator(mode="after")
    def _status_is_whole(self) -> Envelope:
        if (self.status is None) != (not self.ok):
            msg = "status says where, ok says which values are good: both or neither"
            raise ValueError(msg)
        return self


class RestConnector(Reached):
    """JSON over HTTP(S): any API that answers with lists of records, VXP's included (A14)."""

    kind: Literal["rest"]
    url_env: EnvironmentName = Field(description="Environment variable with the base URL")
    path: str = Field(pattern=r"^/")
    params: dict[str, str | int] = Field(default_factory=dict)
    authentication: Authentication | None = None
    paging: Paging | None = None
    changes: Changes | None = None
    envelope: Envelope = Envelope()
    quota: Quota = Quota()
    max_bytes: int = Field(
        default=200_000_000, gt=0, description="Longest that all answers together may be"
    )


class LgspConnector(Reached):
    """A catalogue of the provincial integration platform (LGSP): H72."""

    kind: Literal["lgsp"]
    url_env: EnvironmentName = Field(description="Base URL, as `https://api.hungyen.gov.vn`")
    catalogue: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    params: dict[str, str | int] = Field(
        default_factory=dict, description="Sent with every request, such as an agency's identifier"
    )
    authentication: Authentication | None = None
    paging: Paging | None = None
    changes: Changes | None = None
    quota: Quota = Quota()
    max_bytes: int = Field(default=200_000_000, gt=0)


Connector = Annotated[
    FilesConnector | SftpConnector | SqlConnector | RestConnector | LgspConnector,
    Field(discriminator="kind"),
]

Channel = Literal["api", "database", "file", "none"]


def channel_of(connector: Connector | None) -> Channel:
    """By which channel a feed comes (B17); ``none`` where it has no connector yet."""
    match connector:
        case RestConnector() | LgspConnector():
            return "api"
        case SqlConnector():
            return "database"
        case FilesConnector() | SftpConnector():
            return "file"
        case None:
            return "none"
