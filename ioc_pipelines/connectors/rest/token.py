"""The bearer token of a source: handed over, or asked for and renewed."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import httpx

from ioc_pipelines.catalog.connectors import Authentication, ClientCredentials, StaticToken
from ioc_pipelines.connectors.fetched import NotConfiguredError, SourceFaultyError
from ioc_pipelines.connectors.rest.answer import parsed
from ioc_pipelines.connectors.rest.client import Client, Received
from ioc_pipelines.connectors.rest.clock import Clock

_SENDABLE = re.compile(r"^[\x21-\x7e]+$")
_MARGIN_S = 30.0
_OK = 200
_ASKED_FOR = "request for a token"
_SHORTEST_SECRET = 4


class Token:
    """Gives the header of each request, and keeps the secret out of every message."""

    def __init__(
        self,
        authentication: Authentication | None,
        environment: Mapping[str, str],
        client: Client,
        base: httpx.URL,
        clock: Clock,
    ) -> None:
        """Read the secrets. Raises NotConfiguredError when one is not set."""
        self._authentication, self._client, self._clock = authentication, client, clock
        self._secrets: set[str] = set()
        self._token: str | None = None
        self._ends: float | None = None
        match authentication:
            case StaticToken():
                self._token = self._secret(authentication.token_env, environment)
            case ClientCredentials():
                self._id = self._secret(authentication.client_id_env, environment)
                self._key = self._secret(authentication.client_secret_env, environment)
                path = base.path.rstrip("/") + authentication.token_path
                self._url = base.copy_with(path=path)

    def headers(self) -> dict[str, str]:
        """The header for the next request, with a new token if the old one ends soon."""
        if isinstance(self._authentication, ClientCredentials) and self._is_over():
            self._obtain(self._authentication)
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def renew(self) -> bool:
        """Let go of a token that was refused; False when there is no way to get another."""
        if not isinstance(self._authentication, ClientCredentials):
            return False
        self._token = None
        return True

    def hide(self, text: str) -> str:
        """The text without any secret that a source may have echoed in its answer."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "…")
        return text

    def hidden(self, data: bytes) -> bytes:
        """The bytes without any such secret."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            data = data.replace(secret.encode(), "…".encode())
        return data

    def _is_over(self) -> bool:
        return self._token is None or (
            self._ends is not None and self._clock.monotonic() >= self._ends
        )

    def _secret(self, name: str, environment: Mapping[str, str]) -> str:
        secret = environment.get(name, "").strip()
        if not secret:
            msg = f"environment variable {name} is not set: it holds a secret of the source"
            raise NotConfiguredError(msg)
        if not _SENDABLE.match(secret):
            msg = f"environment variable {name} holds what cannot be sent: blanks or other signs"
            raise NotConfiguredError(msg)
        self._keep_secret(secret)
        return secret

    def _keep_secret(self, secret: str) -> None:
        if len(secret) >= _SHORTEST_SECRET:
            self._secrets.add(secret)

    def _obtain(self, how: ClientCredentials) -> None:
        """Ask for a token (RFC 6749, 4.4)."""
        form = {"grant_type": "client_credentials"}
        if how.scope:
            form["scope"] = how.scope
        headers = {}
        if how.secret_in == "form":  # noqa: S105  a place, not a secret
            form |= {"client_id": self._id, "client_secret": self._key}
        else:
            pair = f"{quote_plus(self._id)}:{quote_plus(self._key)}"
            basic = base64.b64encode(pair.encode()).decode()
            self._keep_secret(basic)
            headers["Authorization"] = f"Basic {basic}"
        received = self._client.post_form(self._url, headers, form, _ASKED_FOR)
        self._token, lasts_s = _read(received, how)
        self._keep_secret(self._token)
        self._ends = None
        if lasts_s is not None:
            self._ends = self._clock.monotonic() + lasts_s - min(_MARGIN_S, lasts_s / 10)


def _read(received: Received, how: ClientCredentials) -> tuple[str, float | None]:
    """The token of an answer and how many seconds it lasts. Raises SourceFaultyError."""
    if received.status in (400, 401, 403):
        msg = (
            f"{_ASKED_FOR}: HTTP {received.status}, client id or secret was refused: see "
            f"{how.client_id_env} and {how.client_secret_env}, or ask the agency for new ones"
        )
        raise SourceFaultyError(msg)
    answer: Any = parsed(received, _ASKED_FOR) if received.status == _OK else None
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not _SENDABLE.match(token):
        msg = (
            f"{_ASKED_FOR}: HTTP {received.status}, {len(received.body)} bytes without an "
            "access_token: see token_path of the feed"
        )
        raise SourceFaultyError(msg)
    try:
        lasts_s = float(answer["expires_in"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return token, None
    return token, max(0.0, lasts_s)
