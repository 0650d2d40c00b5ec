"""Send one request at a time: paced, tried again where that helps, bounded in time and bytes."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from ioc_pipelines.catalog.connectors import Quota
from ioc_pipelines.connectors.fetched import SourceFaultyError, SourceUnavailableError
from ioc_pipelines.connectors.rest.body import first_piece, read_body, still_coming
from ioc_pipelines.connectors.rest.budget import Budget
from ioc_pipelines.connectors.rest.clock import Clock
from ioc_pipelines.connectors.rest.last_answer import LastAnswer
from ioc_pipelines.connectors.rest.quota import opens_at

ATTEMPTS = 4
LONGEST_WAIT_S = 10.0
REDIRECTS = 3
_PASSING = frozenset({429, 500, 502, 503, 504})
_REDIRECT = frozenset({301, 302, 303, 307, 308})
_BACKOFF = wait_exponential_jitter(initial=0.5, max=20, jitter=0.5)
_ASKED = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": "ioc-pipelines",
}


@dataclass(frozen=True)
class Received:
    """An answer as it came: its bytes are those that are landed."""

    url: httpx.URL
    status: int
    content_type: str
    body: bytes
    link: str | None = None
    """The target of its `Link` header's `next`, as written there."""
    location: str | None = None


class _PassingError(Exception):
    """What may be gone at the next attempt, and how long the source asks to wait for it."""

    def __init__(
        self, problem: SourceUnavailableError | SourceFaultyError, wait_s: float | None = None
    ) -> None:
        super().__init__(str(problem))
        self.problem, self.wait_s = problem, wait_s


@cache
def trusted() -> ssl.SSLContext:
    """The system's certificate authorities; SSL_CERT_FILE names others. Always verified."""
    return ssl.create_default_context()


def same_source(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether both are the same scheme, host and port, with no other user in the address."""
    return (one.scheme, one.host, one.port, one.userinfo) == (
        other.scheme,
        other.host,
        other.port,
        other.userinfo,
    )


class Client:
    """Asks one source, for one fetch."""

    def __init__(
        self,
        http: httpx.Client,
        quota: Quota,
        budget: Budget,
        clock: Clock,
        trace: Callable[[str, Mapping[str, object]], None],
    ) -> None:
        """Use ``http``, which follows no redirect by itself."""
        self._http, self._quota, self._budget, self._clock = http, quota, budget, clock
        self._trace = trace
        self.last_answer = LastAnswer()

    def get(self, url: httpx.URL, headers: Mapping[str, str], what: str) -> Received:
        """The answer to GET, whatever its status; redirects on the same source are followed.

        Raises SourceUnavailableError when it does not come, SourceFaultyError when it is cut,
        too long, or leads elsewhere (B09).
        """
        asked = url
        for _ in range(REDIRECTS + 1):
            received = self._tried("GET", asked, headers, None, what)
            if received.location is None:
                return received
            asked = _led_to(asked, received.location, what)
        msg = f"{what}: redirected more than {REDIRECTS} times"
        raise SourceFaultyError(msg)

    def post_form(
        self, url: httpx.URL, headers: Mapping[str, str], form: Mapping[str, str], what: str
    ) -> Received:
        """The answer to a form, which holds secrets: no redirect is followed."""
        received = self._tried("POST", url, headers, form, what)
        if received.location is not None:
            msg = f"{what}: redirected; the address that asks for it must be the last one"
            raise SourceFaultyError(msg)
        return received

    def _tried(
        self,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        what: str,
    ) -> Received:
        retrying = Retrying(
            retry=retry_if_exception_type(_PassingError),
            wait=_pause,
            stop=self._is_enough,
            sleep=self._clock.sleep,
            before_sleep=self._count,
            reraise=True,
        )
        try:
            return retrying(self._once, method, url, headers, form, what)
        except _PassingError as error:
            raise error.problem from error

    def _is_enough(self, state: RetryCallState) -> bool:
        """Four attempts, and none that would begin after the deadline."""
        return state.attempt_number >= ATTEMPTS or state.upcoming_sleep >= self._budget.left()

    def _count(self, _: RetryCallState) -> None:
        self._budget.retries += 1

    def _once(
        self,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        what: str,
    ) -> Received:
        self.last_answer.forget()
        self._wait_for_turn(url, what)
        left = self._budget.left()
        if left <= 0:
            raise self._budget.over(what, "no time to ask for it")
        request = self._http.build_request(
            method,
            url,
            headers={**_ASKED, **headers},
            data=form,
            timeout=min(LONGEST_WAIT_S, left),
            extensions={"trace": self._trace},
        )
        self._budget.requests += 1
        try:
            response = self._http.send(request, stream=True)
        except httpx.TransportError as error:
            raise self._no_answer(error, what) from error
        with closing(response):
            content_type = response.headers.get("content-type", "")
            self.last_answer.begin(response.status_code, content_type, is_secret=form is not None)
            return self._received(response, what)

    def _wait_for_turn(self, url: httpx.URL, what: str) -> None:
        """Keep to the source's hours and its requests a minute (B09)."""
        hours, per_minute = self._quota.hours, self._quota.requests_per_minute
        if opening := opens_at(hours, self._clock.now()):
            msg = f"{what}: the source may be asked {hours} only; it opens {opening:%Y-%m-%d %H:%M}"
            raise SourceUnavailableError(msg)
        source = f"{url.scheme}://{url.host}:{url.port}"
        left = self._budget.left()
        wait = self._clock.pace.wait(source, per_minute, self._clock.monotonic(), left)
        if wait is None:
            raise self._budget.over(what, f"its {per_minute} requests a minute do not suffice")
        if wait > 0:
            self._clock.sleep(wait)

    def _received(self, response: httpx.Response, what: str) -> Received:
        status = response.status_code
        if status in _PASSING:
            self.last_answer.take(first_piece(response, what))
            raise _passing(response, what, self._clock.now())
        location = response.headers.get("location") if status in _REDIRECT else None
        try:
            body = b""
            if location is None:
                body = read_body(response, self._budget, what, self.last_answer.take)
        except httpx.TransportError as error:
            if self._budget.left() <= 0:
                raise still_coming(self._budget, what) from error
            cut = SourceFaultyError(f"{what}: its answer was cut off ({type(error).__name__})")
            raise _PassingError(cut) from error
        content_type = response.headers.get("content-type", "")
        return Received(response.url, status, content_type, body, _next_link(response), location)

    def _no_answer(self, error: httpx.TransportError, what: str) -> Exception:
        """What it means that no answer began: the error's own text may hold the address."""
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return SourceUnavailableError(
                f"{what}: the source's certificate is not trusted: let its certificate authority "
                "be known to this machine, or name its file in SSL_CERT_FILE"
            )
        if self._budget.left() <= 0:
            return self._budget.over(what, "no answer")
        return _PassingError(SourceUnavailableError(f"{what}: no answer ({type(error).__name__})"))


def _led_to(asked: httpx.URL, location: str, what: str) -> httpx.URL:
    try:
        target = asked.join(location)
    except httpx.InvalidURL as error:
        msg = f"{what}: redirected to what is no address"
        raise SourceFaultyError(msg) from error
    if not same_source(asked, target):
        msg = f"{what}: redirected to another host, scheme or port; nothing was sent there"
        raise SourceFaultyError(msg)
    return target


def _passing(response: httpx.Response, what: str, now: datetime) -> _PassingError:
    wait_s = _retry_after(response.headers.get("retry-after", ""), now)
    asks = f", asks to wait {wait_s:g} s" if wait_s is not None else ""
    problem = SourceUnavailableError(f"{what}: HTTP {response.status_code}{asks}")
    return _PassingError(problem, wait_s)


def _retry_after(written: str, now: datetime) -> float | None:
    """Seconds of a `Retry-After` header: a number, or a date (RFC 9110, 10.2.3)."""
    if written.strip().isdecimal():
        return float(written)
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, OverflowError):
        return None
    # a date that names no zone is in UTC
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _pause(state: RetryCallState) -> float:
    """What the source asks for, never less than the back-off; the deadline bounds it."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, _PassingError) else None
    return max(asked or 0.0, _BACKOFF(state))


def _next_link(response: httpx.Response) -> str | None:
    """The `next` of the `Link` header (RFC 8288); a link may have several relations."""
    for relation, link in response.links.items():
        if relation and "next" in relation.lower().split():
            return link.get("url")
    return None
