"""One source during one fetch: its address, token, quota and budget together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from ioc_pipelines.catalog.connectors import RestConnector
from ioc_pipelines.connectors.fetched import FetchError, NotConfiguredError, SourceFaultyError
from ioc_pipelines.connectors.rest.answer import (
    Answer,
    Judge,
    TokenRefusedError,
    judged,
)
from ioc_pipelines.connectors.rest.budget import Budget
from ioc_pipelines.connectors.rest.client import Client, Received, trusted
from ioc_pipelines.connectors.rest.clock import Clock
from ioc_pipelines.connectors.rest.cutoff import Cutoff
from ioc_pipelines.connectors.rest.token import Token


class Source:
    """Asks with a valid token and judges what comes."""

    def __init__(
        self,
        connector: RestConnector,
        base: httpx.URL,
        client: Client,
        token: Token,
        budget: Budget,
    ) -> None:
        """Use :func:`opened` instead: it also lets go of what is held."""
        self.budget = budget
        self._connector, self._base = connector, base
        self._client, self._token = client, token

    def url(self, path: str) -> httpx.URL:
        """The address of a path below the base."""
        return self._base.copy_with(path=self._base.path.rstrip("/") + path)

    def ask(self, url: httpx.URL, what: str, judge: Judge | None = None) -> tuple[Received, Answer]:
        """An answer that is the source's records; a token that was refused is renewed once."""
        judge = judge or self._judged
        try:
            return self._asked(url, what, judge)
        except TokenRefusedError:
            if not self._token.renew():
                raise
        return self._asked(url, what, judge)

    def _asked(self, url: httpx.URL, what: str, judge: Judge) -> tuple[Received, Answer]:
        received = self._client.get(url, self._token.headers(), what)
        return received, judge(received, what)

    def _judged(self, received: Received, what: str) -> Answer:
        return judged(received, self._connector.envelope, what)


@contextmanager
def opened(
    connector: RestConnector, environment: Mapping[str, str], clock: Clock
) -> Iterator[Source]:
    """The source of ``connector``, for one fetch.

    Every error leaves with the name of the source, what the fetch has cost so far, and no secret.
    It also says what had come of the last answer. Raises NotConfiguredError when address or secret
    are not there.
    """
    base = _address(connector.url_env, environment)
    budget = Budget(clock, connector.timeout_s, connector.max_bytes)
    # neither proxy nor credentials of the machine's environment: the token goes to the source only
    http = httpx.Client(
        trust_env=False,
        verify=trusted(),
        follow_redirects=False,
        limits=httpx.Limits(max_connections=1),
    )
    with http, Cutoff(connector.timeout_s) as cutoff:
        client = Client(http, connector.quota, budget, clock, cutoff.trace)
        token = Token(connector.authentication, environment, client, base, clock)
        try:
            yield Source(connector, base, client, token, budget)
        except RecursionError:
            msg = f"{connector.url_env}{connector.path}: a record is nested too deep ({budget})"
            raise SourceFaultyError(msg) from None
        except FetchError as error:
            told = f"{connector.url_env}{connector.path}: {error} ({budget})"
            error.args = (token.hide(told),)
            error.answer = client.last_answer.told(token.hidden)
            raise


def _address(name: str, environment: Mapping[str, str]) -> httpx.URL:
    written = environment.get(name, "").strip()
    if not written:
        msg = f"environment variable {name} is not set: it holds the source's base URL"
        raise NotConfiguredError(msg)
    try:
        base = httpx.URL(written)
    except httpx.InvalidURL:
        base = httpx.URL()
    if base.scheme not in ("http", "https") or not base.host or base.userinfo:
        msg = f"{name} does not hold an http(s) address without user and password"
        raise NotConfiguredError(msg)
    return base
